#include "tests/e2e/kafka/click_maker.h"

#include <cstdio>
#include <ctime>
#include <string>

namespace millrace::e2e {
namespace {

// "2026-01-01 00:00:00.123Z"
std::string SqlTime(int64_t time_ms) {
  std::time_t seconds = time_ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  size_t length = std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts);
  std::snprintf(text + length, sizeof(text) - length, ".%03dZ", static_cast<int>(time_ms % 1000));
  return text;
}

std::string Json(const Click& click, const std::string& amount) {
  return "{\"user_id\":\"" + click.user_id + "\",\"url\":\"/items/" + std::to_string(click.event_time_ms % 997) +
         "\",\"event_time\":\"" + SqlTime(click.event_time_ms) + "\"" + amount + "}";
}

}  // namespace

Click ClickMaker::Next() {
  Click click;
  click.user_id = "user-" + std::to_string(Below(options_.num_users));
  click.key = click.user_id;
  int64_t now_ms = options_.first_time_ms + num_made_++ * options_.step_ms;
  click.event_time_ms = now_ms - Below(options_.disorder_ms);
  // Far behind: its window has fired by then, unless nothing was read for long.
  if (Below(200) == 0) click.event_time_ms = now_ms - options_.disorder_ms - 60'000 - Below(120'000);
  click.amount = Below(200'001) - 100'000;
  if (Below(100) == 0) {
    Spoil(click);
    return click;
  }
  std::string digits = std::to_string(*click.amount);
  switch (Below(100)) {
    case 0:
      click.kind = "amount is text";
      click.value = Json(click, ",\"amount\":\"" + digits + "\"");
      break;
    case 1:
      click.kind = "amount is null";
      click.amount.reset();
      click.value = Json(click, ",\"amount\":null");
      break;
    case 2:
      click.kind = "amount is missing";
      click.amount.reset();
      click.value = Json(click, "");
      break;
    case 3:
      click.kind = "amount comes twice";
      click.value = Json(click, ",\"amount\":7,\"amount\":" + digits);
      break;
    default:
      click.kind = "plain";
      click.value = Json(click, ",\"amount\":" + digits);
  }
  return click;
}

void ClickMaker::Spoil(Click& click) {
  std::string whole = Json(click, ",\"amount\":" + std::to_string(*click.amount));
  switch (Below(10)) {
    case 0:
      click.kind = "bad: cut off";
      click.value = whole.substr(0, whole.size() / 2);
      break;
    case 1:
      click.kind = "bad: not JSON";
      click.value = "click by " + click.user_id;
      break;
    case 2:
      click.kind = "bad: trailing text";
      click.value = whole + "}";
      break;
    case 3:
      click.kind = "bad: not UTF-8";
      click.value = Json(click, ",\"note\":\"\xff\xfe\"");
      break;
    case 4:
      click.kind = "bad: amount has a fraction";
      click.value = Json(click, ",\"amount\":1.7");
      break;
    case 5:
      click.kind = "bad: amount out of range";
      click.value = Json(click, ",\"amount\":92233720368547758080");
      break;
    case 6:
      click.kind = "bad: no user";
      click.value = "{\"event_time\":\"" + SqlTime(click.event_time_ms) + "\",\"amount\":1}";
      break;
    case 7:
      click.kind = "bad: no such day";
      click.value = "{\"user_id\":\"" + click.user_id + "\",\"event_time\":\"2026-02-30 00:00:00.000Z\",\"amount\":1}";
      break;
    case 8:
      click.kind = "bad: empty";
      click.value = "";
      break;
    default:
      click.kind = "bad: no value";
      click.value.reset();
  }
}

}  // namespace millrace::e2e
