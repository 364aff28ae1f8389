#include "base/expression/temporal_zone.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/expression/zone_math.h"

namespace millrace {
namespace {

// Java's three letters, where the database has none or means another zone.
constexpr std::array<std::pair<std::string_view, std::string_view>, 25> kAbbreviations = {{
    {"ACT", "Australia/Darwin"},
    {"AET", "Australia/Sydney"},
    {"AGT", "America/Argentina/Buenos_Aires"},
    {"ART", "Africa/Cairo"},
    {"AST", "America/Anchorage"},
    {"BET", "America/Sao_Paulo"},
    {"BST", "Asia/Dhaka"},
    {"CAT", "Africa/Harare"},
    {"CNT", "America/St_Johns"},
    {"CST", "America/Chicago"},
    {"CTT", "Asia/Shanghai"},
    {"EAT", "Africa/Addis_Ababa"},
    {"ECT", "Europe/Paris"},
    {"IET", "America/Indiana/Indianapolis"},
    {"IST", "Asia/Kolkata"},
    {"JST", "Asia/Tokyo"},
    {"MIT", "Pacific/Apia"},
    {"NET", "Asia/Yerevan"},
    {"NST", "Pacific/Auckland"},
    {"PLT", "Asia/Karachi"},
    {"PNT", "America/Phoenix"},
    {"PRT", "America/Puerto_Rico"},
    {"PST", "America/Los_Angeles"},
    {"SST", "Pacific/Guadalcanal"},
    {"VST", "Asia/Ho_Chi_Minh"},
}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "+5", "-05:30", "+0530".
std::optional<absl::TimeZone> FixedZone(std::string_view offset) {
  if (offset.size() < 2 || (offset[0] != '+' && offset[0] != '-')) return std::nullopt;
  const int sign = offset[0] == '-' ? -1 : 1;
  std::string digits;
  for (size_t i = 1; i < offset.size(); ++i) {
    if (offset[i] == ':' && (i == 2 || i == 3) && i + 3 == offset.size()) continue;
    if (!IsDigit(offset[i])) return std::nullopt;
    digits += offset[i];
  }
  if (digits.size() > 4) return std::nullopt;
  const int number = std::stoi(digits);
  const int hours = digits.size() > 2 ? number / 100 : number, minutes = digits.size() > 2 ? number % 100 : 0;
  if (hours > 23 || minutes > 59) return std::nullopt;
  return absl::FixedTimeZone(sign * (hours * 3600 + minutes * 60));
}

std::optional<absl::TimeZone> NamedZone(std::string_view name) {
  for (std::string_view prefix : {"GMT", "UTC", "UT", ""}) {
    if (!name.starts_with(prefix)) continue;
    if (std::optional<absl::TimeZone> zone = FixedZone(name.substr(prefix.size()))) return zone;
  }
  absl::TimeZone zone;
  // Names only, no paths of files.
  if (name.starts_with('/') || name.find("..") != std::string_view::npos) return std::nullopt;
  if (!absl::LoadTimeZone(AbslView(name), &zone)) return std::nullopt;
  return zone;
}

absl::TimeZone::TimeInfo LocalInfo(int64_t local_micros, absl::TimeZone zone) {
  const int64_t seconds = FloorDivide(local_micros, 1'000'000);
  return zone.At(absl::CivilSecond(1970, 1, 1) + seconds);
}

int64_t WithFraction(absl::Time time, int64_t local_micros) {
  return absl::ToUnixSeconds(time) * 1'000'000 + (local_micros - FloorDivide(local_micros, 1'000'000) * 1'000'000);
}

}  // namespace

absl::StatusOr<absl::TimeZone> SessionZone(std::string_view name) {
  if (name.empty()) return absl::UTCTimeZone();
  if (std::optional<absl::TimeZone> zone = NamedZone(name)) return *zone;
  return InvalidArgument("there is no time zone '", name,
                         "'; use a name such as Europe/Berlin or an offset such as UTC+01:00");
}

absl::TimeZone JavaZone(std::string_view name) {
  for (const auto& [abbreviation, full] : kAbbreviations) {
    if (name == abbreviation) name = full;
  }
  // An offset needs its GMT.
  if (name.empty() || name[0] == '+' || name[0] == '-') return absl::UTCTimeZone();
  return NamedZone(name).value_or(absl::UTCTimeZone());
}

int64_t OffsetAt(int64_t micros, absl::TimeZone zone) {
  return int64_t{zone.At(absl::FromUnixMicros(micros)).offset} * 1'000'000;
}

int64_t FromLocalStandard(int64_t local_micros, absl::TimeZone zone) {
  const absl::TimeZone::TimeInfo info = LocalInfo(local_micros, zone);
  return WithFraction(info.kind == absl::TimeZone::TimeInfo::REPEATED ? info.post : info.pre, local_micros);
}

}  // namespace millrace
