#include "coordinator/worker_registry.h"

#include "base/error.h"

namespace millrace {

absl::Status WorkerRegistry::OnHello(const internal::v1::WorkerHello& hello, absl::Duration now) {
  if (hello.worker_id().empty() || hello.shuffle_address().empty() || hello.num_slots() == 0) {
    return InvalidArgument("register worker: id, shuffle address and slots must be given: \"", hello.worker_id(), "\", \"",
                           hello.shuffle_address(), "\", ", hello.num_slots());
  }
  workers_[hello.worker_id()] = Worker{hello.worker_id(), hello.shuffle_address(), hello.num_slots(), false, now};
  return absl::OkStatus();
}

void WorkerRegistry::OnMessage(const std::string& worker_id, absl::Duration now) {
  if (auto found = workers_.find(worker_id); found != workers_.end()) found->second.last_heard = now;
}

void WorkerRegistry::OnGoodbye(const std::string& worker_id) {
  if (auto found = workers_.find(worker_id); found != workers_.end()) found->second.leaving = true;
}

std::vector<std::string> WorkerRegistry::Hung(absl::Duration now) const {
  std::vector<std::string> hung;
  for (const auto& [id, worker] : workers_) {
    if (now - worker.last_heard > heartbeat_timeout_) hung.push_back(id);
  }
  return hung;
}

}  // namespace millrace
