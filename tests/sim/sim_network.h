#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/transport.h"
#include "tests/sim/fault_plan.h"
#include "tests/sim/sim_world.h"

namespace millrace::sim {

// What lies between the processes of a World: streams keep their order, as TCP does, and break.
class Network {
 public:
  explicit Network(World* world) : world_(world) {}
  // Borrowed; null: nothing goes wrong.
  void set_faults(FaultPlan* faults) { faults_ = faults; }

  std::unique_ptr<Transport> MakeTransport(Process* process, std::string address);
  // Nobody reaches its services any more.
  void StopServing(Process* process);
  void CloseConnectionsOf(Process* process, const absl::Status& why);

 private:
  friend class SimTransport;
  friend class SimStream;
  struct Connection;  // one stream, both ends
  struct Service {
    Process* process = nullptr;
    Executor* executor = nullptr;
    Transport::Accept accept;
  };

  void Deliver(const std::shared_ptr<Connection>& connection, int to, std::string message);
  void PostMessage(const std::shared_ptr<Connection>& connection, int to, std::string message);
  void CloseConnection(const std::shared_ptr<Connection>& connection, absl::Status why);
  absl::Duration Delay() { return world_->Jitter(world_->max_message_delay()); }

  World* const world_;
  FaultPlan* faults_ = nullptr;
  std::map<std::pair<std::string, std::string>, Service> services_;  // (address, method)
  std::vector<std::weak_ptr<Connection>> connections_;
};

}  // namespace millrace::sim
