#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "millrace/v1/pipeline_service.pb.h"

namespace millrace {

// Adds up what workers report about one pipeline. Totals (records in, late, dead letters, shuffled bytes) are since
// this coordinator took the pipeline up, over all its deployments: a record that is read again after a restart counts
// again. When a deployment ends, its totals, lag and watermark stay as they were last told; only the rate becomes 0.
// Pure.
class ProgressTotals {
 public:
  // A worker's own totals since the deployment. Ignored if that deployment has ended here.
  void OnReport(const std::string& worker, uint64_t generation, const v1::Progress& progress);
  // The deployment runs no more, nor does any before it.
  void OnEnded(uint64_t generation);
  // Lag is unknown if any worker's is; the watermark is the lowest.
  v1::Progress view() const;

 private:
  void Fold();

  v1::Progress ended_;  // of the deployments before
  std::map<std::string, v1::Progress> by_worker_;
  uint64_t generation_ = 0;        // what by_worker_ is of
  uint64_t ended_generation_ = 0;  // this and older ones are told no more
};

}  // namespace millrace
