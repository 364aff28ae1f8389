// Any text as a plan: refused with a reason, or read, checked and planned without a crash; and what was read can be
// written and read back.
#include <google/protobuf/util/message_differencer.h>

#include <string>

#include "connectors/registry.h"
#include "coordinator/plan/physical_planner.h"
#include "coordinator/plan/plan_json.h"
#include "coordinator/plan/plan_validator.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  static const ConnectorRegistry connectors = BuiltinConnectors({});
  auto plan = ReadPlanJson({reinterpret_cast<const char*>(data), size});
  if (!plan.ok()) return 0;
  if (!ValidatePlan(*plan, connectors).empty()) return 0;
  auto text = WritePlanJson(*plan);
  Require(text.ok(), "a valid plan has a text");
  auto again = ReadPlanJson(*text);
  Require(again.ok() && google::protobuf::util::MessageDifferencer::Equals(*plan, *again), "which reads as it was");
  for (uint32_t parallelism : {0u, 3u}) {
    auto physical = MakePhysicalPlan(*plan, parallelism);
    Require(physical.ok(), "a valid plan can be planned");
  }
  return 0;
}
