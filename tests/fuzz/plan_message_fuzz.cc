// Any bytes as the message in which a plan arrives over gRPC, or lies in a record: the same promises as for its text.
#include <string>

#include "connectors/registry.h"
#include "coordinator/plan/physical_planner.h"
#include "coordinator/plan/plan_json.h"
#include "coordinator/plan/plan_validator.h"
#include "millrace/v1/pipeline_service.pb.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  static const ConnectorRegistry connectors = BuiltinConnectors({});
  v1::CreateRequest request;
  if (!request.ParseFromArray(data, static_cast<int>(size))) return 0;
  if (!ValidatePlan(request.plan(), connectors).empty()) {
    // Whoever skips the validation is told the first reason.
    (void)MakePhysicalPlan(request.plan(), 2);
    return 0;
  }
  Require(WritePlanJson(request.plan()).ok(), "a valid plan has a text");
  for (uint32_t parallelism : {0u, 3u}) {
    Require(MakePhysicalPlan(request.plan(), parallelism).ok(), "a valid plan can be planned");
  }
  return 0;
}
