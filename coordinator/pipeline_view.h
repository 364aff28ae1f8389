#pragma once

#include "coordinator/pipeline_machine.h"
#include "millrace/v1/pipeline_service.pb.h"

namespace millrace {

// A pipeline as the API shows it, but for version and state_time. Pure.
v1::Pipeline ViewOf(const PipelineMachine& machine);

}  // namespace millrace
