#include "base/error.h"
#include "base/expression/prepared_kernel.h"
#include "base/expression/temporal_calendar.h"
#include "base/expression/temporal_families.h"
#include "base/expression/temporal_text.h"
#include "base/expression/temporal_zone.h"
#include "base/expression/type_rules.h"

namespace millrace {
namespace {

using OptionalText = std::optional<std::string>;

absl::StatusOr<SimpleTimeFormat> CompileReader(std::string_view pattern) {
  ASSIGN_OR_RETURN(SimpleTimeFormat format, SimpleTimeFormat::Compile(pattern));
  RETURN_IF_ERROR(format.CheckParses());
  return format;
}

// The prepared kernel of a format that only prints.
template <typename Value, typename Print>
absl::StatusOr<Kernel> SimplePrinter(const KernelRequest& request, Print print) {
  return PreparedKernel<SimpleTimeFormat, Value>(request, SimpleTimeFormat::Compile, print);
}

absl::StatusOr<Kernel> DateFormatKernel(const KernelRequest& request) {
  switch (FamilyOf(request.arguments[0])) {
    case TypeFamily::kDate:
      return SimplePrinter<int32_t>(request, [](const SimpleTimeFormat& format, int32_t days) {
        // The digits of the date, in the calendar that the format has.
        const absl::CivilDay date = CivilDate(days);
        return format.Print(DaysOfHistorical(date.year(), date.month(), date.day()) * kMillisPerDay,
                            absl::UTCTimeZone());
      });
    case TypeFamily::kString:
      return SimplePrinter<std::string_view>(
          request, [](const SimpleTimeFormat& format, std::string_view text) { return ReformatTime(text, format); });
    case TypeFamily::kTimestampLtz:
      return PreparedKernel<TimeFormat, int64_t>(request, TimeFormat::Compile,
                                                 [zone = request.zone](const TimeFormat& format, int64_t micros) {
                                                   return format.Print(LocalMicros(micros, zone));
                                                 });
    default:
      return PreparedKernel<TimeFormat, int64_t>(
          request, TimeFormat::Compile, [](const TimeFormat& format, int64_t micros) { return format.Print(micros); });
  }
}

absl::StatusOr<Kernel> ToDateKernel(const KernelRequest& request) {
  if (request.arguments.size() == 1) {
    return RowKernel([](std::string_view text) { return ToDate(text); }, request.result);
  }
  return PreparedKernel<SimpleTimeFormat, std::string_view>(
      request, CompileReader,
      [](const SimpleTimeFormat& format, std::string_view text) { return ToDate(text, format); });
}

absl::StatusOr<Kernel> ToTimestampKernel(const KernelRequest& request) {
  if (request.arguments.size() == 1) {
    return RowKernel([](std::string_view text) { return ToTimestamp(text); }, request.result);
  }
  return PreparedKernel<TimeFormat, std::string_view>(
      request, TimeFormat::Compile,
      [](const TimeFormat& format, std::string_view text) { return ToTimestamp(text, format); });
}

absl::StatusOr<std::optional<int64_t>> LtzOfNumber(int64_t number, int64_t precision) {
  if (precision == 0 || precision == 3) return ToTimestampLtz(number, static_cast<int>(precision));
  return InvalidArgument("TO_TIMESTAMP_LTZ takes the precision 0 for seconds or 3 for milliseconds, not ", precision);
}

// A number of any type without its fraction; far beyond every timestamp where 64 bits end.
absl::StatusOr<Kernel> LtzOfNumberKernel(const KernelRequest& request) {
  const bool has_precision = request.arguments.size() == 2;
  auto kernel = [&]<typename Number>(std::type_identity<Number>, auto whole) {
    if (has_precision) {
      return RowKernel([whole](Number number, int64_t precision) { return LtzOfNumber(whole(number), precision); },
                       request.result);
    }
    return RowKernel([whole](Number number) { return ToTimestampLtz(whole(number), 3); }, request.result);
  };
  switch (request.arguments[0].arrow->id()) {
    case arrow::Type::DOUBLE:
      return kernel(std::type_identity<double>(), [](double number) {
        constexpr double kMost = 9e18;
        return number != number ? int64_t{0} : static_cast<int64_t>(std::min(std::max(number, -kMost), kMost));
      });
    case arrow::Type::DECIMAL128: {
      const int scale = DigitsOf(request.arguments[0]).scale;
      return kernel(std::type_identity<arrow::Decimal128>(), [scale](const arrow::Decimal128& number) {
        const arrow::Decimal128 whole = scale == 0 ? number : arrow::Decimal128(number.ReduceScaleBy(scale, false));
        return whole.FitsInPrecision(18) ? static_cast<int64_t>(whole.low_bits()) : std::numeric_limits<int64_t>::max();
      });
    }
    default:
      return kernel(std::type_identity<int64_t>(), [](int64_t number) { return number; });
  }
}

// (number[, precision]): integers as BIGINT, others as DOUBLE or DECIMAL.
std::optional<Resolution> LtzOfNumberRule(std::span<const CallArgument> args) {
  using enum ArgumentKind;
  for (ArgumentKind kind : {kBigint, kExact, kDouble}) {
    auto taken = Takes({kind, kBigint}, "TIMESTAMP_LTZ(3)", {.optional = 1, .nullable = true})(args);
    if (taken) return taken;
  }
  return std::nullopt;
}

// (text[, format[, zone]]): of UTC, unless a zone is given.
absl::StatusOr<Kernel> LtzOfTextKernel(const KernelRequest& request) {
  if (request.arguments.size() == 3) {
    return PreparedKernel<TimeFormat, std::string_view, std::string_view>(
        request, TimeFormat::Compile,
        [](const TimeFormat& format, std::string_view text, std::string_view zone) -> std::optional<int64_t> {
          const std::optional<int64_t> local = ToTimestamp(text, format);
          return local ? std::optional<int64_t>(InstantMicros(*local, JavaZone(zone))) : std::nullopt;
        });
  }
  return ToTimestampKernel(request);
}

absl::StatusOr<Kernel> UnixTimestampKernel(const KernelRequest& request) {
  const absl::TimeZone zone = request.zone;
  if (request.arguments.size() == 1) {
    return RowKernel([zone](std::string_view text) { return UnixTimestamp(text, DefaultSimpleFormat(), zone); },
                     request.result);
  }
  return PreparedKernel<SimpleTimeFormat, std::string_view>(
      request, CompileReader,
      [zone](const SimpleTimeFormat& format, std::string_view text) { return UnixTimestamp(text, format, zone); });
}

absl::StatusOr<Kernel> FromUnixTimeKernel(const KernelRequest& request) {
  const absl::TimeZone zone = request.zone;
  if (request.arguments.size() == 1) {
    return RowKernel([zone](int64_t seconds) { return FromUnixTime(seconds, DefaultSimpleFormat(), zone); },
                     request.result);
  }
  return SimplePrinter<int64_t>(
      request, [zone](const SimpleTimeFormat& format, int64_t seconds) { return FromUnixTime(seconds, format, zone); });
}

// DATE_FORMAT(date, timestamp or text, format).
std::optional<Resolution> DateFormatRule(std::span<const CallArgument> args) {
  using enum ArgumentKind;
  for (ArgumentKind kind : {kTimestamp, kTimestampLtz, kDate, kString}) {
    if (auto taken = Takes({kind, kString}, "STRING", {.nullable = true})(args)) return taken;
  }
  return std::nullopt;
}

}  // namespace

std::vector<Function> TemporalTextFunctions() {
  using enum ArgumentKind;
  const std::string formatter =
      "patterns are those of java.time.format.DateTimeFormatter, in English; letters F, W, B, g and p are refused";
  const std::string simple =
      "patterns are those of java.text.SimpleDateFormat, in English, with its calendar, Julian before 1582-10-15; "
      "letters Y, w, W, F and z are refused, and so are years of two digits where text is read";
  const std::string wrong = "NULL if an argument is, or the text is no such time";
  return {
      {.name = "date_format",
       .family = "temporal",
       .signature = "DATE_FORMAT(timestamp, pattern)",
       .description =
           "a TIMESTAMP_LTZ in the session's zone; a DATE, or a text yyyy-MM-dd HH:mm:ss, by the patterns of "
           "FROM_UNIXTIME",
       .null_rule = wrong,
       .difference = formatter,
       .rule = DateFormatRule,
       .kernel = DateFormatKernel,
       .zoned = true},
      {.name = "to_date",
       .family = "temporal",
       .signature = "TO_DATE(string[, pattern])",
       .description = "yyyy-MM-dd without a pattern",
       .null_rule = wrong,
       .difference = simple + "; where text does not follow the pattern, Flink gives a meaningless date",
       .rule = Takes({kString, kString}, "DATE", {.optional = 1, .nullable = true}),
       .kernel = ToDateKernel},
      {.name = "to_timestamp",
       .family = "temporal",
       .signature = "TO_TIMESTAMP(string[, pattern])",
       .description =
           "yyyy-MM-dd HH:mm:ss[.fraction] without a pattern; a day that its month does not have is its last",
       .null_rule = wrong,
       .difference = formatter,
       .rule = Takes({kString, kString}, "TIMESTAMP(3)", {.optional = 1, .nullable = true}),
       .kernel = ToTimestampKernel},
      {.name = "to_timestamp_ltz",
       .family = "temporal",
       .signature = "TO_TIMESTAMP_LTZ(number[, precision])",
       .description = "seconds (precision 0) or milliseconds (3) since 1970-01-01 UTC",
       .null_rule = "NULL if an argument is, or outside the years 0 to 9999",
       .rule = LtzOfNumberRule,
       .kernel = LtzOfNumberKernel},
      {.name = "to_timestamp_ltz",
       .family = "temporal",
       .signature = "TO_TIMESTAMP_LTZ(string[, pattern[, zone]])",
       .description = "as TO_TIMESTAMP, in UTC unless a zone is given",
       .null_rule = wrong,
       .difference = formatter,
       .rule = Takes({kString, kString, kString}, "TIMESTAMP_LTZ(3)", {.optional = 2, .nullable = true}),
       .kernel = LtzOfTextKernel},
      {.name = "unix_timestamp",
       .family = "temporal",
       .signature = "UNIX_TIMESTAMP(string[, pattern])",
       .description = "seconds since 1970-01-01 UTC of a time in the session's zone, yyyy-MM-dd HH:mm:ss without a "
                      "pattern; the smallest BIGINT if it is none, as in Flink",
       .difference = simple,
       .rule = Takes({kString, kString}, "BIGINT", {.optional = 1}),
       .kernel = UnixTimestampKernel,
       .zoned = true},
      {.name = "from_unixtime",
       .family = "temporal",
       .signature = "FROM_UNIXTIME(seconds[, pattern])",
       .description = "in the session's zone, yyyy-MM-dd HH:mm:ss without a pattern",
       .difference = simple,
       .rule = Takes({kBigint, kString}, "STRING", {.optional = 1, .nullable = true}),
       .kernel = FromUnixTimeKernel,
       .zoned = true},
      {.name = "convert_tz",
       .family = "temporal",
       .signature = "CONVERT_TZ(string, from zone, to zone)",
       .description =
           "a time yyyy-MM-dd HH:mm:ss of one zone as one of another; a zone that is not known is UTC, as in "
           "Flink",
       .null_rule = wrong,
       .rule = Takes({kString, kString, kString}, "STRING", {.nullable = true}),
       .kernel = Rows(ConvertZone)},
  };
}

}  // namespace millrace
