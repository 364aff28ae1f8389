#pragma once

#include <map>
#include <string>

#include "coordinator/pipeline_machine.h"
#include "millrace/v1/pipeline_service.pb.h"

namespace millrace {

// A pipeline as the API shows it, but for version and state_time. Pure.
v1::Pipeline ViewOf(const PipelineMachine& machine);

// Sums what the workers say. Lag is unknown if any worker's is; the watermark is the lowest.
v1::Progress SumOf(const std::map<std::string, v1::Progress>& by_worker);

}  // namespace millrace
