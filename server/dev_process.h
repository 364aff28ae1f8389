#pragma once

#include "server/coordinator_process.h"
#include "server/memory_flags.h"

namespace millrace {

// Flags of `millrace dev`: a coordinator and one worker in this process.
struct DevFlags {
  CoordinatorFlags coordinator;
  int slots = 4;
  MemoryFlags memory;
};

// Runs both until SIGTERM or SIGINT. Returns the exit code of the process.
int RunDev(const DevFlags& flags);

}  // namespace millrace
