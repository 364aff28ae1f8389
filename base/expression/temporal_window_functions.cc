#include "arrow/scalar.h"
#include "base/error.h"
#include "base/expression/row_kernel.h"
#include "base/expression/temporal_families.h"
#include "base/expression/tumbling_windows.h"
#include "base/expression/type_rules.h"

namespace millrace {
namespace {

using Arguments = std::span<const CallArgument>;

// Times beyond are garbage, and would overflow.
constexpr int64_t kLargestTime = int64_t{1} << 62;

// (time, size, offset); what comes of it is a TIMESTAMP(3), or has the time's zone.
ResolveRule WindowRule(bool keeps_zone) {
  return [keeps_zone](Arguments args) -> std::optional<Resolution> {
    if (args.size() != 3) return std::nullopt;
    const TypeFamily time = FamilyOf(args[0].type);
    if (time != TypeFamily::kTimestamp && time != TypeFamily::kTimestampLtz) return std::nullopt;
    for (const CallArgument& interval : args.subspan(1)) {
      if (FamilyOf(interval.type) != TypeFamily::kMillis || interval.literal == nullptr) return std::nullopt;
      if (!interval.literal->has_value()) return std::nullopt;
    }
    const bool zoned = keeps_zone && time == TypeFamily::kTimestampLtz;
    return Resolution{.arguments = {args[0].type, args[1].type, args[2].type},
                      .result = MakeType(zoned ? "TIMESTAMP_LTZ(3)" : "TIMESTAMP(3)", false)};
  };
}

int64_t MillisOf(const KernelRequest& request, size_t argument) {
  return static_cast<const arrow::DurationScalar&>(*request.constants[argument]).value;
}

template <auto kOf>
absl::StatusOr<Kernel> WindowKernel(const KernelRequest& request) {
  const int64_t size = MillisOf(request, 1), offset = MillisOf(request, 2);
  if (size <= 0 || offset <= -size || offset >= size)
    return InvalidArgument("a window has a size, and an offset that is smaller");
  const bool zoned = FamilyOf(request.arguments[0]) == TypeFamily::kTimestampLtz;
  const TumblingWindows windows(size, offset, zoned ? request.zone : absl::UTCTimeZone(), !zoned);
  return RowKernel(
      [windows](std::optional<int64_t> time, int64_t, int64_t) -> absl::StatusOr<int64_t> {
        if (!time) return InvalidArgument("the time that a window is asked for is NULL");
        if (*time > kLargestTime || *time < -kLargestTime)
          return InvalidArgument("the time that a window is asked for is out of range");
        return kOf(windows, *time);
      },
      request.result);
}

int64_t StartOf(const TumblingWindows& windows, int64_t time) { return windows.StartOf(time); }
int64_t EndOf(const TumblingWindows& windows, int64_t time) { return windows.StartOf(time) + windows.size(); }
int64_t TimeOf(const TumblingWindows& windows, int64_t time) { return windows.TimeOf(windows.StartOf(time)); }

Function WindowFunction(const std::string& name, const std::string& signature, const std::string& description,
                        bool keeps_zone, KernelFactory kernel) {
  return {.name = name,
          .family = "temporal",
          .signature = signature,
          .description = description,
          .null_rule = "never; a time that is NULL fails",
          .difference = "Flink has no such function: these are columns of TUMBLE, which are computed by it here",
          .rule = WindowRule(keeps_zone),
          .kernel = std::move(kernel),
          .zoned = true};
}

}  // namespace

std::vector<Function> TemporalWindowFunctions() {
  return {
      WindowFunction("window_start", "WINDOW_START(time, size, offset)",
                     "where the tumbling window of that size that holds the time begins; of TIMESTAMP_LTZ as the "
                     "session's clocks show it",
                     false, WindowKernel<StartOf>),
      WindowFunction("window_end", "WINDOW_END(time, size, offset)", "where that window ends", false,
                     WindowKernel<EndOf>),
      WindowFunction("window_time", "WINDOW_TIME(time, size, offset)",
                     "the last millisecond of that window; of TIMESTAMP_LTZ the instant at which clocks show it", true,
                     WindowKernel<TimeOf>),
  };
}

}  // namespace millrace
