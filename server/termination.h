#pragma once

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"

namespace millrace {

// Blocks SIGTERM and SIGINT in this thread and in those it will start, so that WaitForTermination gets them. Call it
// first in main.
void BlockTerminationSignals();
// Waits for one of them, and calls `tend` about once a second meanwhile.
void WaitForTermination(absl::FunctionRef<void()> tend);

}  // namespace millrace
