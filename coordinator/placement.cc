#include "coordinator/placement.h"

#include <algorithm>
#include <tuple>

#include "base/error.h"

namespace millrace {

absl::StatusOr<std::vector<internal::v1::SubtaskPlacement>> Place(std::string_view pipeline, const std::vector<uint32_t>& stages,
                                                                  uint32_t parallelism, std::vector<WorkerSlots> workers) {
  auto num_free = [](const WorkerSlots& worker) {
    uint32_t used = static_cast<uint32_t>(std::count_if(worker.used.begin(), worker.used.end(),
                                                        [&](uint32_t slot) { return slot < worker.num_slots; }));
    return worker.num_slots - used;
  };
  uint64_t total_free = 0;
  for (const WorkerSlots& worker : workers) total_free += num_free(worker);
  if (total_free < parallelism) {
    uint64_t total = 0;
    for (const WorkerSlots& worker : workers) total += worker.num_slots;
    std::string have = workers.empty() ? std::string("no worker is connected")
                                       : Cat(total_free, " of the ", total, " that ", workers.size(),
                                             workers.size() == 1 ? " worker has are free" : " workers have are free");
    uint64_t missing = parallelism - total_free;
    return ResourceExhausted("place pipeline ", pipeline, ": it needs ", parallelism, parallelism == 1 ? " slot, and " : " slots, and ",
                             have, "; start another worker with `millrace worker --slots ", missing,
                             "`, stop another pipeline, or lower the parallelism");
  }
  std::vector<internal::v1::SubtaskPlacement> placements;
  std::vector<uint32_t> given(workers.size(), 0);
  for (uint32_t index = 0; index < parallelism; ++index) {
    size_t best = workers.size();
    auto rank = [&](size_t i) { return std::tuple(given[i], -static_cast<int64_t>(num_free(workers[i])), workers[i].worker_id); };
    for (size_t i = 0; i < workers.size(); ++i) {
      if (num_free(workers[i]) > 0 && (best == workers.size() || rank(i) < rank(best))) best = i;
    }
    uint32_t slot = 0;
    while (workers[best].used.contains(slot)) ++slot;
    workers[best].used.insert(slot);
    ++given[best];
    for (uint32_t stage : stages) {
      internal::v1::SubtaskPlacement& placement = placements.emplace_back();
      placement.set_stage(stage);
      placement.set_index(index);
      placement.set_worker_id(workers[best].worker_id);
      placement.set_shuffle_address(workers[best].shuffle_address);
      placement.set_slot(slot);
    }
  }
  return placements;
}

}  // namespace millrace
