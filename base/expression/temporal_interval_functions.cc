#include <limits>

#include "absl/strings/numbers.h"
#include "base/error.h"
#include "base/expression/row_kernel.h"
#include "base/expression/temporal_calendar.h"
#include "base/expression/temporal_families.h"
#include "base/expression/type_rules.h"

namespace millrace {
namespace {

using Arguments = std::span<const CallArgument>;

// No date that microseconds can hold is further away than that.
constexpr int64_t kMostMonths = 12 * 600'000;
constexpr int64_t kMostDays = 110'000'000;

absl::Status OutOfRange() { return InvalidArgument("the result is beyond what dates and timestamps can hold"); }

bool IsInterval(TypeFamily family) { return family == TypeFamily::kMonths || family == TypeFamily::kMillis; }
bool IsPoint(TypeFamily family) {
  return family == TypeFamily::kDate || family == TypeFamily::kTimestamp || family == TypeFamily::kTimestampLtz;
}

absl::StatusOr<int64_t> PlusMillis(int64_t micros, int64_t millis) {
  int64_t added = 0, sum = 0;
  if (__builtin_mul_overflow(millis, int64_t{1000}, &added) || __builtin_add_overflow(micros, added, &sum))
    return OutOfRange();
  return sum;
}

absl::StatusOr<int64_t> PlusMonths(int64_t micros, int64_t months) {
  if (months > kMostMonths || months < -kMostMonths) return OutOfRange();
  const int64_t day = FloorDivide(micros, kMicrosPerDay), later = AddMonthsToDate(day, months);
  if (later > kMostDays - 4'000'000 || later < 4'000'000 - kMostDays) return OutOfRange();
  return AddMonthsToTimestamp(micros, months);
}

absl::StatusOr<int32_t> DatePlusDays(int32_t days, int64_t more) {
  if (more > kMostDays || more < -kMostDays || days + more > kMostDays || days + more < -kMostDays) return OutOfRange();
  return static_cast<int32_t>(days + more);
}

absl::StatusOr<int32_t> DatePlusMonths(int32_t days, int64_t months) {
  if (months > kMostMonths || months < -kMostMonths) return OutOfRange();
  return DatePlusDays(0, AddMonthsToDate(days, months));
}

// `sign` times an interval, added to a value of the family. (value, interval), or (interval, value) if `swapped`.
absl::StatusOr<Kernel> AddKernel(const KernelRequest& request, int64_t sign) {
  const bool swapped = IsInterval(FamilyOf(request.arguments[0]));
  const TypeFamily value = FamilyOf(request.arguments[swapped ? 1 : 0]);
  const bool months = FamilyOf(request.arguments[swapped ? 0 : 1]) == TypeFamily::kMonths;
  auto kernel = [&](auto add) {
    using Traits = row_kernel_internal::Traits<decltype(add)>;
    using Value = std::tuple_element_t<0, typename Traits::Parameters>;
    using Interval = std::tuple_element_t<1, typename Traits::Parameters>;
    if (!swapped) return RowKernel(add, request.result);
    return RowKernel([add](Interval interval, Value time) { return add(time, interval); }, request.result);
  };
  if (value == TypeFamily::kTime) {
    return kernel([sign](int32_t time, int64_t millis) { return AddToTime(time, sign * (millis % kMillisPerDay)); });
  }
  if (value == TypeFamily::kDate && months) {
    return kernel([sign](int32_t days, int32_t n) { return DatePlusMonths(days, sign * n); });
  }
  if (value == TypeFamily::kDate) {
    return kernel([sign](int32_t days, int64_t millis) { return DatePlusDays(days, sign * (millis / kMillisPerDay)); });
  }
  if (months) return kernel([sign](int64_t micros, int32_t n) { return PlusMonths(micros, sign * n); });
  return kernel([sign](int64_t micros, int64_t millis) -> absl::StatusOr<int64_t> {
    if (millis == std::numeric_limits<int64_t>::min()) return OutOfRange();
    return PlusMillis(micros, sign * millis);
  });
}

// A date takes an interval of days only.
bool TakesInterval(TypeFamily value, const CallArgument& interval) {
  const TypeFamily family = FamilyOf(interval.type);
  if (value == TypeFamily::kTime) return family == TypeFamily::kMillis;
  if (!IsPoint(value) || !IsInterval(family)) return false;
  if (value != TypeFamily::kDate || family == TypeFamily::kMonths || interval.literal == nullptr) return true;
  int64_t millis = 0;
  return !absl::SimpleAtoi(interval.literal->value(), &millis) || millis % kMillisPerDay == 0;
}

ResolveRule AddRule(bool either_order) {
  return [either_order](Arguments args) -> std::optional<Resolution> {
    if (args.size() != 2) return std::nullopt;
    const bool forward = TakesInterval(FamilyOf(args[0].type), args[1]);
    const bool backward = either_order && TakesInterval(FamilyOf(args[1].type), args[0]);
    if (!forward && !backward) return std::nullopt;
    return Resolution{.arguments = TypesOf(args),
                      .result = WithNullability(args[forward ? 0 : 1].type, AnyNullable(args))};
  };
}

// Intervals of one kind among themselves, wrapping around as numbers do.
template <typename Operation>
KernelFactory OfIntervals(Operation operation) {
  return [operation](const KernelRequest& request) -> absl::StatusOr<Kernel> {
    if (FamilyOf(request.result) == TypeFamily::kMonths) {
      return RowKernel(
          [operation](int32_t a, int32_t b) {
            return static_cast<int32_t>(operation(static_cast<uint32_t>(a), static_cast<uint32_t>(b)));
          },
          request.result);
    }
    return RowKernel(
        [operation](int64_t a, int64_t b) {
          return static_cast<int64_t>(operation(static_cast<uint64_t>(a), static_cast<uint64_t>(b)));
        },
        request.result);
  };
}

std::optional<Resolution> IntervalsRule(Arguments args) {
  if (args.size() != 2 || !IsInterval(FamilyOf(args[0].type))) return std::nullopt;
  if (FamilyOf(args[0].type) != FamilyOf(args[1].type)) return std::nullopt;
  return Resolution{.arguments = TypesOf(args), .result = WithNullability(args[0].type, AnyNullable(args))};
}

// interval * integer.
std::optional<Resolution> TimesRule(Arguments args) {
  if (args.size() != 2 || !IsInterval(FamilyOf(args[0].type)) || !IsInteger(args[1].type)) return std::nullopt;
  const bool months = FamilyOf(args[0].type) == TypeFamily::kMonths;
  return Resolution{.arguments = {args[0].type, MakeType(months ? "INT" : "BIGINT", args[1].type.nullable)},
                    .result = WithNullability(args[0].type, AnyNullable(args))};
}

std::optional<Resolution> NegateRule(Arguments args) {
  if (args.size() != 1 || !IsInterval(FamilyOf(args[0].type))) return std::nullopt;
  return Resolution{.arguments = TypesOf(args), .result = args[0].type};
}

absl::StatusOr<Kernel> NegateKernel(const KernelRequest& request) {
  if (FamilyOf(request.result) == TypeFamily::kMonths) {
    return RowKernel([](int32_t a) { return static_cast<int32_t>(0U - static_cast<uint32_t>(a)); }, request.result);
  }
  return RowKernel([](int64_t a) { return static_cast<int64_t>(uint64_t{0} - static_cast<uint64_t>(a)); },
                   request.result);
}

// Months of a unit that is counted in months, else 0.
int64_t UnitMonths(TemporalUnit unit) {
  return unit == TemporalUnit::kYear ? 12 : unit == TemporalUnit::kQuarter ? 3 : unit == TemporalUnit::kMonth ? 1 : 0;
}

// Units of TIMESTAMPADD and TIMESTAMPDIFF.
std::optional<TemporalUnit> CountedUnit(const CallArgument& argument, TemporalUnit shortest) {
  if (argument.literal == nullptr) return std::nullopt;
  const std::optional<TemporalUnit> unit = ParseTemporalUnit(argument.literal->value());
  if (!unit || *unit > shortest) return std::nullopt;
  const bool counted =
      UnitMonths(*unit) > 0 || *unit == TemporalUnit::kWeek || *unit == TemporalUnit::kDay || IsTimeUnit(*unit);
  return counted ? unit : std::nullopt;
}

// (unit, n, x).
std::optional<Resolution> TimestampAddRule(Arguments args) {
  if (args.size() != 3 || !IsInteger(args[1].type)) return std::nullopt;
  const std::optional<TemporalUnit> unit = CountedUnit(args[0], TemporalUnit::kMillisecond);
  const TypeFamily family = FamilyOf(args[2].type);
  if (!unit || !(IsPoint(family) || (family == TypeFamily::kTime && IsTimeUnit(*unit)))) return std::nullopt;
  const bool nullable = args[1].type.nullable || args[2].type.nullable;
  DataType result = WithNullability(args[2].type, nullable);
  const int precision = *unit == TemporalUnit::kMillisecond ? 3 : 0;
  if (family == TypeFamily::kDate && IsTimeUnit(*unit)) {
    result = MakeType(Cat("TIMESTAMP(", precision, ")"), nullable);
  } else if (IsPoint(family) && family != TypeFamily::kDate && IsTimeUnit(*unit) && precision > result.precision) {
    result = MakeType(result.arrow, nullable, precision);
  }
  return Resolution{.arguments = {args[0].type, MakeType("BIGINT", args[1].type.nullable), args[2].type},
                    .result = std::move(result)};
}

absl::StatusOr<Kernel> TimestampAddKernel(const KernelRequest& request) {
  const TemporalUnit unit = *ParseTemporalUnit(*request.ConstantString(0));
  const int64_t months = UnitMonths(unit), millis = UnitMillis(unit);
  auto product = [](int64_t n, int64_t unit_size) -> absl::StatusOr<int64_t> {
    int64_t all = 0;
    if (__builtin_mul_overflow(n, unit_size, &all)) return OutOfRange();
    return all;
  };
  const TypeFamily family = FamilyOf(request.arguments[2]);
  if (family == TypeFamily::kTime) {
    return RowKernel(
        [=](std::string_view, int64_t n, int32_t time) -> absl::StatusOr<int32_t> {
          ASSIGN_OR_RETURN(int64_t added, product(n, millis));
          return AddToTime(time, added % kMillisPerDay);
        },
        request.result);
  }
  if (family == TypeFamily::kDate && !IsTimeUnit(unit)) {
    return RowKernel(
        [=](std::string_view, int64_t n, int32_t days) -> absl::StatusOr<int32_t> {
          ASSIGN_OR_RETURN(int64_t added, product(n, months > 0 ? months : millis / kMillisPerDay));
          return months > 0 ? DatePlusMonths(days, added) : DatePlusDays(days, added);
        },
        request.result);
  }
  auto add = [=](int64_t n, int64_t micros) -> absl::StatusOr<int64_t> {
    ASSIGN_OR_RETURN(int64_t added, product(n, months > 0 ? months : millis));
    return months > 0 ? PlusMonths(micros, added) : PlusMillis(micros, added);
  };
  if (family == TypeFamily::kDate) {
    return RowKernel([=](std::string_view, int64_t n, int32_t days) { return add(n, days * kMicrosPerDay); },
                     request.result);
  }
  return RowKernel([=](std::string_view, int64_t n, int64_t micros) { return add(n, micros); }, request.result);
}

// (unit, from, to).
std::optional<Resolution> TimestampDiffRule(Arguments args) {
  if (args.size() != 3 || !CountedUnit(args[0], TemporalUnit::kSecond)) return std::nullopt;
  const TypeFamily from = FamilyOf(args[1].type), to = FamilyOf(args[2].type);
  if (!IsPoint(from) || !IsPoint(to)) return std::nullopt;
  const bool local = from == TypeFamily::kTimestampLtz || to == TypeFamily::kTimestampLtz;
  if (local && from != to) return std::nullopt;
  return Resolution{.arguments = TypesOf(args),
                    .result = MakeType("INT", args[1].type.nullable || args[2].type.nullable)};
}

int64_t InMillis(int64_t micros) { return FloorDivide(micros, 1000); }
int64_t InMillis(int32_t days) { return days * kMillisPerDay; }

template <typename From, typename To>
Kernel DifferenceKernel(TemporalUnit unit, const DataType& result) {
  return RowKernel(
      [unit](std::string_view, From from, To to) { return DifferenceInUnits(unit, InMillis(from), InMillis(to)); },
      result);
}

absl::StatusOr<Kernel> TimestampDiffKernel(const KernelRequest& request) {
  const TemporalUnit unit = *ParseTemporalUnit(*request.ConstantString(0));
  const bool from_date = FamilyOf(request.arguments[1]) == TypeFamily::kDate;
  if (FamilyOf(request.arguments[2]) == TypeFamily::kDate) {
    return from_date ? DifferenceKernel<int32_t, int32_t>(unit, request.result)
                     : DifferenceKernel<int64_t, int32_t>(unit, request.result);
  }
  return from_date ? DifferenceKernel<int32_t, int64_t>(unit, request.result)
                   : DifferenceKernel<int64_t, int64_t>(unit, request.result);
}

}  // namespace

std::vector<Function> TemporalIntervalFunctions() {
  const std::string clamps =
      "months keep the day, or take the month's last; a TIMESTAMP_LTZ moves as an instant, in UTC";
  const std::string whole_days = "an interval with parts of days is not taken by a DATE: cast it to TIMESTAMP";
  auto add = [](const KernelRequest& request) { return AddKernel(request, 1); };
  auto subtract = [](const KernelRequest& request) { return AddKernel(request, -1); };
  return {
      {.name = "plus",
       .family = "temporal",
       .signature = "date, time or timestamp + interval",
       .description = clamps,
       .difference = whole_days,
       .rule = AddRule(true),
       .kernel = add},
      {.name = "minus",
       .family = "temporal",
       .signature = "date, time or timestamp - interval",
       .description = clamps,
       .difference = whole_days,
       .rule = AddRule(false),
       .kernel = subtract},
      {.name = "plus",
       .family = "temporal",
       .signature = "interval + interval",
       .rule = IntervalsRule,
       .kernel = OfIntervals([](auto a, auto b) { return a + b; })},
      {.name = "minus",
       .family = "temporal",
       .signature = "interval - interval",
       .rule = IntervalsRule,
       .kernel = OfIntervals([](auto a, auto b) { return a - b; })},
      {.name = "times",
       .family = "temporal",
       .signature = "interval * integer",
       .rule = TimesRule,
       .kernel = OfIntervals([](auto a, auto b) { return a * b; })},
      {.name = "negate", .family = "temporal", .signature = "- interval", .rule = NegateRule, .kernel = NegateKernel},
      {.name = "timestampadd",
       .family = "temporal",
       .signature = "TIMESTAMPADD(unit, integer, date, time or timestamp)",
       .description = "YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND, MILLISECOND; " + clamps,
       .rule = TimestampAddRule,
       .kernel = TimestampAddKernel},
      {.name = "timestampdiff",
       .family = "temporal",
       .signature = "TIMESTAMPDIFF(unit, date or timestamp, date or timestamp)",
       .description =
           "whole YEARs, QUARTERs, MONTHs, WEEKs, DAYs, HOURs, MINUTEs or SECONDs from the first to the second",
       .rule = TimestampDiffRule,
       .kernel = TimestampDiffKernel},
  };
}

}  // namespace millrace
