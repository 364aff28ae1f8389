#include "base/expression/temporal_text.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/expression/parse_value.h"
#include "base/expression/temporal_calendar.h"
#include "base/expression/temporal_zone.h"

namespace millrace {
namespace {

constexpr int64_t kMinSeconds = -62167219200;  // 0000-01-01
constexpr int64_t kMaxSeconds = 253402300799;  // 9999-12-31 23:59:59
constexpr auto kNone = std::string_view::npos;

// As Java's String.trim.
std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

// Digits only, with a value of at most nine.
std::optional<int64_t> Number(std::string_view text, size_t max_digits = 9) {
  if (text.empty() || text.size() > max_digits) return std::nullopt;
  int64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

// The part before the separator, which goes with it; the rest if there is none.
std::string_view TakeUntil(char separator, std::string_view* text) {
  const size_t end = std::min(text->find(separator), text->size());
  const std::string_view part = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return part;
}

// yyyy-[m]m-[d]d, as java.sql.Date reads it; a day that its month does not have carries over.
std::optional<int64_t> SqlDate(std::string_view text) {
  const std::string_view year = TakeUntil('-', &text), month = TakeUntil('-', &text);
  const std::optional<int64_t> y = Number(year, 4), m = Number(month, 2), d = Number(text, 2);
  if (year.size() != 4 || !y || !m || !d || *m < 1 || *m > 12 || *d < 1 || *d > 31) return std::nullopt;
  return DaysOf(absl::CivilDay(*y, *m, 1)) + *d - 1;
}

// The same with a time, as java.sql.Timestamp reads it: h:m:s[.f…], where numbers out of range carry over.
std::optional<int64_t> SqlTimestamp(std::string_view text) {
  const std::optional<int64_t> days = SqlDate(TakeUntil(' ', &text));
  const std::optional<int64_t> hour = Number(TakeUntil(':', &text)), minute = Number(TakeUntil(':', &text));
  const bool has_fraction = text.find('.') != kNone;
  const std::optional<int64_t> second = Number(TakeUntil('.', &text));
  if (!days || !hour || !minute || !second) return std::nullopt;
  std::optional<int64_t> fraction = has_fraction ? Number(text) : 0;
  if (!fraction) return std::nullopt;
  for (size_t i = has_fraction ? text.size() : 9; i < 9; ++i) *fraction *= 10;
  return *days * kMicrosPerDay + (*hour * 3600 + *minute * 60 + *second) * 1'000'000 + *fraction / 1000;
}

std::optional<int64_t> InMillis(std::optional<int64_t> micros) {
  if (micros) *micros = FloorDivide(*micros, 1000) * 1000;
  return micros;
}

}  // namespace

const SimpleTimeFormat& DefaultSimpleFormat() {
  static const SimpleTimeFormat* const format = [] {
    absl::StatusOr<SimpleTimeFormat> compiled = SimpleTimeFormat::Compile("yyyy-MM-dd HH:mm:ss");
    Check(compiled.ok(), "the built-in pattern compiles");
    return new SimpleTimeFormat(*std::move(compiled));
  }();
  return *format;
}

std::optional<int32_t> ToDate(std::string_view text) {
  const absl::StatusOr<int32_t> days = ParseDate(text);
  return days.ok() ? std::optional<int32_t>(*days) : std::nullopt;
}

std::optional<int32_t> ToDate(std::string_view text, const SimpleTimeFormat& format) {
  const std::optional<int64_t> millis = format.Parse(text, absl::UTCTimeZone());
  if (!millis) return std::nullopt;
  return static_cast<int32_t>(FloorDivide(*millis, kMillisPerDay));
}

std::optional<int64_t> ToTimestamp(std::string_view text) {
  const absl::StatusOr<int64_t> micros = ParseTimestamp(text, 3);
  return micros.ok() ? std::optional<int64_t>(*micros) : std::nullopt;
}

std::optional<int64_t> ToTimestamp(std::string_view text, const TimeFormat& format) {
  if (std::optional<int64_t> micros = format.Parse(text)) return InMillis(micros);
  text = Trimmed(text);
  if (text.find(' ') != kNone) return SqlTimestamp(text);
  const std::optional<int64_t> days = SqlDate(text);
  return days ? std::optional<int64_t>(*days * kMicrosPerDay) : std::nullopt;
}

std::optional<int64_t> ToTimestampLtz(int64_t number, int precision) {
  const int64_t scale = precision == 0 ? 1 : 1000;
  if (number < kMinSeconds * scale || number > kMaxSeconds * scale + (scale - 1)) return std::nullopt;
  return number * (1'000'000 / scale);
}

int64_t UnixTimestamp(std::string_view text, const SimpleTimeFormat& format, absl::TimeZone zone) {
  const std::optional<int64_t> millis = format.Parse(text, zone);
  return millis ? *millis / 1000 : std::numeric_limits<int64_t>::min();
}

std::string FromUnixTime(int64_t seconds, const SimpleTimeFormat& format, absl::TimeZone zone) {
  // Instants beyond what the calendar can hold stand at its end.
  constexpr int64_t kMost = int64_t{290'000} * 366 * 86'400;
  return format.Print(std::clamp(seconds, -kMost, kMost) * 1000, zone);
}

std::optional<std::string> ReformatTime(std::string_view text, const SimpleTimeFormat& format) {
  const std::optional<int64_t> millis = DefaultSimpleFormat().Parse(text, absl::UTCTimeZone());
  return millis ? std::optional<std::string>(format.Print(*millis, absl::UTCTimeZone())) : std::nullopt;
}

std::optional<std::string> ConvertZone(std::string_view text, std::string_view from_zone, std::string_view to_zone) {
  const std::optional<int64_t> millis = DefaultSimpleFormat().Parse(text, JavaZone(from_zone));
  return millis ? std::optional<std::string>(DefaultSimpleFormat().Print(*millis, JavaZone(to_zone))) : std::nullopt;
}

}  // namespace millrace
