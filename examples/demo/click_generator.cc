#include "examples/demo/click_generator.h"

#include <cstdio>
#include <ctime>

namespace {

// 2026-11-21T08:00:00.123Z
std::string Iso8601(int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  size_t size = std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + size, sizeof(text) - size, ".%03dZ", static_cast<int>(ms % 1000));
  return text;
}

}  // namespace

Click ClickGenerator::Next(int64_t now_ms) {
  Click click;
  const double chance = Chance();
  if (chance < options_.bad_ratio) {
    click.kind = Click::Kind::kBad;
  } else if (chance < options_.bad_ratio + options_.stale_ratio) {
    click.kind = Click::Kind::kStale;
  }
  const double skewed = Chance() * Chance();
  char user[16];
  std::snprintf(user, sizeof(user), "u%04d", static_cast<int>(skewed * options_.num_users));
  click.user_id = user;
  click.url = "/product/" + std::to_string(Uniform(1, 500));
  click.amount = Uniform(1, 9999);
  const bool stale = click.kind == Click::Kind::kStale;
  click.event_time_ms =
      now_ms - (stale ? Uniform(options_.stale_from_ms, options_.stale_to_ms) : Uniform(0, options_.disorder_ms));
  click.json = Json(click);
  return click;
}

std::string ClickGenerator::Json(const Click& click) {
  std::string user = "\"user_id\":\"" + click.user_id + "\",";
  std::string amount = std::to_string(click.amount);
  std::string time = Iso8601(click.event_time_ms);
  const int64_t fault = click.kind == Click::Kind::kBad ? Uniform(1, 5) : 0;
  if (fault == 1) user.clear();                      // a column that must be there is missing
  if (fault == 2) amount += ".5";                    // cannot become a whole number without loss
  if (fault == 3) amount += "00000000000000000000";  // out of range
  if (fault == 4) time = "yesterday";
  std::string json =
      "{" + user + "\"url\":\"" + click.url + "\",\"amount\":" + amount + ",\"event_time\":\"" + time + "\"}";
  if (fault == 5) json.resize(json.size() / 2);  // cut off on the way
  return json;
}
