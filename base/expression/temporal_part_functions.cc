#include "base/check.h"
#include "base/error.h"
#include "base/expression/row_kernel.h"
#include "base/expression/temporal_calendar.h"
#include "base/expression/temporal_families.h"
#include "base/expression/temporal_zone.h"
#include "base/expression/type_rules.h"

namespace millrace {
namespace {

using Arguments = std::span<const CallArgument>;

bool IsTimestamp(TypeFamily family) { return family == TypeFamily::kTimestamp || family == TypeFamily::kTimestampLtz; }

// Whether EXTRACT has a meaning.
bool CanExtract(TemporalUnit unit, TypeFamily from) {
  if (IsTimestamp(from)) return true;
  if (from == TypeFamily::kDate) return IsDateUnit(unit) || unit == TemporalUnit::kEpoch;
  return from == TypeFamily::kTime && IsTimeUnit(unit);
}

// Whether FLOOR and CEIL have one.
bool CanRound(TemporalUnit unit, TypeFamily family) {
  const bool calendar = unit <= TemporalUnit::kDay && unit != TemporalUnit::kIsoYear;
  if (IsTimestamp(family)) return calendar || IsTimeUnit(unit);
  return family == TypeFamily::kDate ? calendar : family == TypeFamily::kTime && IsTimeUnit(unit);
}

Kernel ExtractKernelOf(TemporalUnit unit, const DataType& from, const KernelRequest& request) {
  switch (FamilyOf(from)) {
    case TypeFamily::kDate:
      return RowKernel([unit](int32_t days) { return ExtractFromDate(unit, days); }, request.result);
    case TypeFamily::kTime:
      return RowKernel([unit](int32_t millis) { return ExtractFromTime(unit, millis); }, request.result);
    case TypeFamily::kTimestampLtz:
      return RowKernel(
          [unit, zone = request.zone](int64_t micros) { return ExtractFromTimestamp(unit, LocalMicros(micros, zone)); },
          request.result);
    default:
      return RowKernel([unit](int64_t micros) { return ExtractFromTimestamp(unit, micros); }, request.result);
  }
}

// A kernel of one argument for a call whose first argument is a unit.
Kernel BehindUnit(Kernel kernel) {
  return Kernel{.run =
                    [run = std::move(kernel.run)](const KernelInput& input) {
                      return run({.arguments = input.arguments.subspan(1), .rows = input.rows, .errors = input.errors});
                    },
                .can_fail = kernel.can_fail};
}

TemporalUnit UnitOf(const KernelRequest& request) {
  std::optional<TemporalUnit> unit = ParseTemporalUnit(request.ConstantString(0).value_or(""));
  Check(unit.has_value(), "the rule has seen the unit");
  return *unit;
}

// (unit, x).
ResolveRule UnitRule(bool (*takes)(TemporalUnit, TypeFamily), bool to_bigint) {
  return [takes, to_bigint](Arguments args) -> std::optional<Resolution> {
    if (args.size() != 2 || args[0].literal == nullptr) return std::nullopt;
    const std::optional<TemporalUnit> unit = ParseTemporalUnit(args[0].literal->value());
    if (!unit || !takes(*unit, FamilyOf(args[1].type))) return std::nullopt;
    return Resolution{.arguments = {args[0].type, args[1].type},
                      .result = to_bigint ? MakeType("BIGINT", args[1].type.nullable) : args[1].type};
  };
}

absl::StatusOr<Kernel> ExtractKernel(const KernelRequest& request) {
  return BehindUnit(ExtractKernelOf(UnitOf(request), request.arguments[1], request));
}

template <auto kOfDate, auto kOfTime, auto kOfTimestamp>
absl::StatusOr<Kernel> RoundKernel(const KernelRequest& request) {
  const TemporalUnit unit = UnitOf(request);
  switch (FamilyOf(request.arguments[1])) {
    case TypeFamily::kDate:
      return BehindUnit(RowKernel([unit](int32_t days) { return kOfDate(unit, days); }, request.result));
    case TypeFamily::kTime: {
      auto of_time = [unit](int32_t millis) -> absl::StatusOr<int32_t> {
        const int32_t rounded = kOfTime(unit, millis);
        if (rounded < kMillisPerDay) return rounded;
        return InvalidArgument("the result is 24:00:00, which no TIME can be");
      };
      return BehindUnit(RowKernel(of_time, request.result));
    }
    default:
      break;
  }
  // Units shorter than an hour are the same in every zone, as Flink has it.
  const bool local = IsDateUnit(unit) || unit == TemporalUnit::kHour;
  if (FamilyOf(request.arguments[1]) == TypeFamily::kTimestamp || !local) {
    return BehindUnit(RowKernel([unit](int64_t micros) { return kOfTimestamp(unit, micros); }, request.result));
  }
  auto of_local = [unit, zone = request.zone](int64_t micros) {
    const int64_t offset = OffsetAt(micros, zone);
    return kOfTimestamp(unit, micros + offset) - offset;
  };
  return BehindUnit(RowKernel(of_local, request.result));
}

// YEAR(x) is EXTRACT(YEAR FROM x).
Function PartFunction(const std::string& name, const std::string& signature, TemporalUnit unit) {
  auto rule = [unit](Arguments args) -> std::optional<Resolution> {
    if (args.size() != 1 || !CanExtract(unit, FamilyOf(args[0].type))) return std::nullopt;
    return Resolution{.arguments = {args[0].type}, .result = MakeType("BIGINT", args[0].type.nullable)};
  };
  auto kernel = [unit](const KernelRequest& request) -> absl::StatusOr<Kernel> {
    return ExtractKernelOf(unit, request.arguments[0], request);
  };
  return {.name = name,
          .family = "temporal",
          .signature = signature,
          .description = "as EXTRACT",
          .rule = rule,
          .kernel = kernel,
          .zoned = true};
}

}  // namespace

std::vector<Function> TemporalPartFunctions() {
  const std::string rounding =
      "weeks begin on Sunday; days before 1582-10-15 are those of the Julian calendar; fractions of a millisecond are "
      "cut off";
  return {
      {.name = "extract",
       .family = "temporal",
       .signature = "EXTRACT(unit FROM date, time or timestamp)",
       .description = "MILLENNIUM, CENTURY, DECADE, YEAR, ISOYEAR, QUARTER, MONTH, WEEK (ISO), DAY, DOY, DOW (Sunday "
                      "is 1), ISODOW, "
                      "HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND, NANOSECOND, EPOCH; parts of a timestamp before "
                      "1970 are cut "
                      "towards zero, as in Flink, and so negative",
       .rule = UnitRule(CanExtract, true),
       .kernel = ExtractKernel,
       .zoned = true},
      PartFunction("year", "YEAR(date or timestamp)", TemporalUnit::kYear),
      PartFunction("quarter", "QUARTER(date or timestamp)", TemporalUnit::kQuarter),
      PartFunction("month", "MONTH(date or timestamp)", TemporalUnit::kMonth),
      PartFunction("week", "WEEK(date or timestamp)", TemporalUnit::kWeek),
      PartFunction("dayofyear", "DAYOFYEAR(date or timestamp)", TemporalUnit::kDayOfYear),
      PartFunction("dayofmonth", "DAYOFMONTH(date or timestamp)", TemporalUnit::kDay),
      PartFunction("dayofweek", "DAYOFWEEK(date or timestamp)", TemporalUnit::kDayOfWeek),
      PartFunction("hour", "HOUR(time or timestamp)", TemporalUnit::kHour),
      PartFunction("minute", "MINUTE(time or timestamp)", TemporalUnit::kMinute),
      PartFunction("second", "SECOND(time or timestamp)", TemporalUnit::kSecond),
      {.name = "floor_to",
       .family = "temporal",
       .signature = "FLOOR(date, time or timestamp TO unit)",
       .description = rounding,
       .difference = "a DATE to DAY is itself",
       .rule = UnitRule(CanRound, false),
       .kernel = RoundKernel<FloorDate, FloorTime, FloorTimestamp>,
       .zoned = true},
      {.name = "ceil_to",
       .family = "temporal",
       .signature = "CEIL(date, time or timestamp TO unit)",
       .description = rounding + "; TO QUARTER goes on from every day but January 1, as in Flink",
       .difference = "a DATE to DAY is itself",
       .rule = UnitRule(CanRound, false),
       .kernel = RoundKernel<CeilDate, CeilTime, CeilTimestamp>,
       .zoned = true},
  };
}

}  // namespace millrace
