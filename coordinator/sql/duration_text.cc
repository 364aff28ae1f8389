#include "coordinator/sql/duration_text.h"

#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "base/error.h"

namespace millrace::sql {
namespace {

struct Unit {
  std::string_view name;
  int64_t nanoseconds;
};

constexpr int64_t kMs = 1'000'000, kSecond = 1000 * kMs, kMinute = 60 * kSecond, kHour = 60 * kMinute;
constexpr Unit kUnits[] = {{"", kMs},
                           {"ns", 1},
                           {"nano", 1},
                           {"nanosecond", 1},
                           {"µs", 1000},
                           {"micro", 1000},
                           {"microsecond", 1000},
                           {"ms", kMs},
                           {"milli", kMs},
                           {"millisecond", kMs},
                           {"s", kSecond},
                           {"sec", kSecond},
                           {"second", kSecond},
                           {"m", kMinute},
                           {"min", kMinute},
                           {"minute", kMinute},
                           {"h", kHour},
                           {"hour", kHour},
                           {"d", 24 * kHour},
                           {"day", 24 * kHour}};

// Units of three letters and more may be in the plural.
bool Names(std::string_view unit, std::string_view name) {
  if (unit == name) return true;
  return name.size() > 2 && unit.ends_with('s') && unit.substr(0, unit.size() - 1) == name;
}

}  // namespace

std::optional<int64_t> ParseDurationMs(std::string_view text) {
  const std::string lower = absl::AsciiStrToLower(absl::StripAsciiWhitespace(AbslView(text)));
  const size_t digits = std::min(lower.find_first_not_of("0123456789"), lower.size());
  int64_t number = 0;
  if (!absl::SimpleAtoi(lower.substr(0, digits), &number)) return std::nullopt;
  const std::string unit(absl::StripLeadingAsciiWhitespace(absl::string_view(lower).substr(digits)));
  for (const Unit& known : kUnits) {
    if (!Names(unit, known.name)) continue;
    if (known.nanoseconds < kMs) {
      const int64_t per_ms = kMs / known.nanoseconds;
      return number % per_ms == 0 ? std::optional(number / per_ms) : std::nullopt;
    }
    const int64_t factor = known.nanoseconds / kMs;
    if (number > std::numeric_limits<int64_t>::max() / factor) return std::nullopt;
    return number * factor;
  }
  return std::nullopt;
}

}  // namespace millrace::sql
