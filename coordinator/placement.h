#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "millrace/internal/v1/control.pb.h"

namespace millrace {

// A worker as placement sees it.
struct WorkerSlots {
  std::string worker_id;
  std::string shuffle_address;
  uint32_t num_slots = 0;
  std::set<uint32_t> used;
};

// Subtasks → slots. Pure. Subtask i of all stages shares one slot, so parallelism p takes p slots; they are spread over
// the workers, the emptiest first.
// Fails:   ResourceExhausted with the slots needed and free, and what to do.
absl::StatusOr<std::vector<internal::v1::SubtaskPlacement>> Place(std::string_view pipeline, const std::vector<uint32_t>& stages,
                                                                  uint32_t parallelism, std::vector<WorkerSlots> workers);

}  // namespace millrace
