#pragma once

#include <string>

#include "millrace/storage/v1/manifest.pb.h"

namespace millrace::sim {

// Knows what a workload's rows are, and so what a completed epoch must hold.
class CutOracle {
 public:
  virtual ~CutOracle() = default;
  // Of every epoch that completes, ascending, as soon as it has. Empty: it is exact; else the promise that was broken.
  virtual std::string OnCompleted(const storage::v1::Manifest& manifest) = 0;
};

}  // namespace millrace::sim
