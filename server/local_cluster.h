#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace millrace {

// A coordinator and a worker in this process, for one command: on ports of 127.0.0.1 that the system chooses, in a
// directory of its own below the system's for temporary files, without log lines or HTTP.
//
// Owns:    its directory. Threads end with the process, as those of every role: end it by _Exit after Remove.
// Thread:  one.
class LocalCluster {
 public:
  virtual ~LocalCluster() = default;
  // Of the public API.
  virtual std::string address() const = 0;
  // Starts the worker; once.
  virtual absl::Status AddWorker(int slots) = 0;
  // Removes the directory. Call it when nothing runs any more, or nobody cares.
  virtual void Remove() = 0;
};

// With the coordinator only. Blocks until it leads. Nobody's: it is there until the process ends.
absl::StatusOr<LocalCluster*> StartLocalCluster();

}  // namespace millrace
