#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/transport.h"
#include "tests/sim/fault_plan.h"
#include "tests/sim/sim_world.h"

namespace millrace::sim {

// What lies between the processes of a World.
//
// What Transport allows happens: a message takes its time; a stream breaks, and whatever was under way on it is lost;
// its two ends learn of that at different times, one perhaps long after the other, and messages of the old stream are
// taken while a new one is open; a cut network holds messages back until it heals, or breaks the streams across it.
// What Transport rules out does not: on one stream no message is overtaken, none arrives twice, and none is lost unless
// the stream breaks. So messages are reordered across streams only, and what is repeated is said again on a new stream:
// a control stream begins, now and then, with what its worker said last on the one before.
class Network {
 public:
  explicit Network(World* world) : world_(world) {}
  // Borrowed; null: nothing goes wrong.
  void set_faults(FaultPlan* faults) { faults_ = faults; }

  std::unique_ptr<Transport> MakeTransport(Process* process, std::string address);
  // Nobody reaches its services any more.
  void StopServing(Process* process);
  // Of a process that lives: both ends learn of it at once. Of a dead one: what it has sent still arrives.
  void CloseConnectionsOf(Process* process, const absl::Status& why);

  // By role. Nothing gets from one to the other until then. `severs`: streams between them, of either direction, are
  // lost; else they go on when it heals.
  void Cut(const std::string& from, const std::string& to, absl::Duration until, bool severs, Random& random);
  // Messages take up to this much longer.
  void Slow(const std::string& from, const std::string& to, absl::Duration until, absl::Duration most);
  bool IsCut(const std::string& from, const std::string& to) const;
  // No link is cut or slow any more.
  void Heal();

 private:
  friend class SimTransport;
  friend class SimStream;
  struct Connection;  // one stream, both ends
  using ConnectionPtr = std::shared_ptr<Connection>;
  struct Service {
    Process* process = nullptr;
    Executor* executor = nullptr;
    Transport::Accept accept;
  };
  // One direction between two roles.
  struct Link {
    absl::Duration cut_until;
    absl::Duration slow_until;
    absl::Duration slow_by;
    FaultPlan::Chances* breaks = nullptr;
    FaultPlan::Chances* half_opens = nullptr;
    FaultPlan::Chances* late_closes = nullptr;
  };

  Link& LinkOf(const std::string& from, const std::string& to);
  void Accept(const ConnectionPtr& connection, const std::string& address);
  // The service that a connection is led to; null: nobody answers.
  Service* Route(const std::string& address, const std::string& method, const Process& client);
  void Deliver(const ConnectionPtr& connection, int to, std::string message);
  void Send(const ConnectionPtr& connection, int to, std::string message);
  void PostMessage(const ConnectionPtr& connection, int to, std::string message);
  // The end learns that the stream is closed, now.
  void CloseEnd(const ConnectionPtr& connection, int which, const absl::Status& why);
  // As one end does: the other learns of it behind what was sent before.
  void CloseFrom(const ConnectionPtr& connection, int which, const absl::Status& why);
  void CloseBoth(const ConnectionPtr& connection, const absl::Status& why);
  // Nothing arrives any more, and the ends learn of it later, each for itself.
  void Sever(const ConnectionPtr& connection, Random& random);
  // Says again on a new control stream what was said last on the one before.
  void Remember(const ConnectionPtr& connection, int to, const std::string& message);
  void Repeat(const ConnectionPtr& connection);
  absl::Duration Delay() { return world_->Jitter(world_->max_message_delay()); }

  World* const world_;
  FaultPlan* faults_ = nullptr;
  std::map<std::pair<std::string, std::string>, std::vector<Service>> services_;  // (address, method), the newest last
  std::vector<std::weak_ptr<Connection>> connections_;
  std::map<std::pair<std::string, std::string>, Link> links_;       // by roles
  std::map<const Process*, std::deque<std::string>> last_control_;  // by worker
};

}  // namespace millrace::sim
