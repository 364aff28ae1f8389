#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "millrace/internal/v1/control.pb.h"

namespace millrace {

// Who is alive. Pure; `now` is monotonic time. A worker whose connection breaks is dead at once; one that is silent for
// `heartbeat_timeout` hangs, and counts as dead too.
class WorkerRegistry {
 public:
  struct Worker {
    std::string id;
    std::string shuffle_address;
    uint32_t num_slots = 0;
    // It has said goodbye: nothing new is placed there.
    bool leaving = false;
    absl::Duration last_heard;
  };

  explicit WorkerRegistry(absl::Duration heartbeat_timeout) : heartbeat_timeout_(heartbeat_timeout) {}
  // InvalidArgument: a hello without id, address or slots.
  absl::Status OnHello(const internal::v1::WorkerHello& hello, absl::Duration now);
  void OnMessage(const std::string& worker_id, absl::Duration now);
  void OnGoodbye(const std::string& worker_id);
  void OnClosed(const std::string& worker_id) { workers_.erase(worker_id); }
  // Ids of the workers that hang. The caller closes their connections.
  std::vector<std::string> Hung(absl::Duration now) const;
  const std::map<std::string, Worker>& workers() const { return workers_; }

 private:
  const absl::Duration heartbeat_timeout_;
  std::map<std::string, Worker> workers_;
};

}  // namespace millrace
