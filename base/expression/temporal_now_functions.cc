#include "base/expression/row_kernel.h"
#include "base/expression/temporal_families.h"
#include "base/expression/type_rules.h"
#include "base/expression/zone_math.h"

namespace millrace {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

// With the three digits that types of the present moment have.
int64_t Millis(int64_t micros) { return FloorDivide(micros, 1'000) * 1'000; }

int64_t Moment(int64_t micros, absl::TimeZone /*zone*/) { return Millis(micros); }
int64_t LocalMoment(int64_t micros, absl::TimeZone zone) { return Millis(LocalMicros(micros, zone)); }
int32_t LocalDay(int64_t micros, absl::TimeZone zone) {
  return static_cast<int32_t>(FloorDivide(LocalMicros(micros, zone), kMicrosPerDay));
}
// Milliseconds of the day, of whole seconds: the type is TIME(0).
int32_t LocalSecond(int64_t micros, absl::TimeZone zone) {
  return static_cast<int32_t>(FloorModulo(LocalMicros(micros, zone), kMicrosPerDay) / kMicrosPerSecond * 1'000);
}
int64_t UnixSeconds(int64_t micros, absl::TimeZone /*zone*/) { return FloorDivide(micros, kMicrosPerSecond); }

template <auto kOfMicros>
absl::StatusOr<Kernel> NowKernel(const KernelRequest& request) {
  auto run = [zone = request.zone, result = request.result](const KernelInput& input) {
    const int64_t micros = absl::ToUnixMicros(input.evaluation->now);
    return RowKernel([value = kOfMicros(micros, zone)] { return value; }, result).run(input);
  };
  return Kernel{.run = std::move(run)};
}

}  // namespace

std::vector<Function> TemporalNowFunctions() {
  std::vector<Function> functions;
  auto add = [&](const std::string& name, const std::string& signature, const std::string& what,
                 const std::string& type, KernelFactory kernel) -> Function& {
    functions.push_back({.name = name,
                         .family = "temporal",
                         .signature = signature,
                         .description = what,
                         .null_rule = "never NULL",
                         .difference = "also in a bounded query it is the time at which a batch of rows is evaluated, "
                                       "not that at which the query began",
                         .rule = Takes({}, type),
                         .kernel = std::move(kernel),
                         .deterministic = false,
                         .zoned = true});
    return functions.back();
  };
  Function& timestamp = add("current_timestamp", "CURRENT_TIMESTAMP", "the time, TIMESTAMP_LTZ(3)", "TIMESTAMP_LTZ(3)",
                            NowKernel<Moment>);
  timestamp.aliases = {"now", "current_row_timestamp"};
  add("localtimestamp", "LOCALTIMESTAMP", "the time in the session's zone, TIMESTAMP(3)", "TIMESTAMP(3)",
      NowKernel<LocalMoment>);
  add("current_date", "CURRENT_DATE", "the day in the session's zone", "DATE", NowKernel<LocalDay>);
  add("localtime", "LOCALTIME", "the time of the day in the session's zone, TIME(0)", "TIME(0)",
      NowKernel<LocalSecond>)
      .aliases = {"current_time"};
  add("unix_timestamp", "UNIX_TIMESTAMP()", "seconds since 1970-01-01 UTC", "BIGINT", NowKernel<UnixSeconds>);
  return functions;
}

}  // namespace millrace
