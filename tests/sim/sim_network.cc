#include "tests/sim/sim_network.h"

#include <algorithm>

#include "base/error.h"

namespace millrace::sim {
namespace {

constexpr size_t kRepeated = 4;

absl::Duration Millis(uint64_t n) { return absl::Milliseconds(static_cast<int64_t>(n)); }

}  // namespace

// A stream between two processes; end 0 opened it, end 1 accepted it.
struct Network::Connection {
  struct End {
    Process* process = nullptr;
    Executor* executor = nullptr;
    StreamEvents events;
    bool open = true;
    bool attached = false;             // its Stream object exists
    std::vector<std::string> backlog;  // arrived before the stream was accepted
    absl::Duration last_arrival;
    uint64_t num_sent = 0;
  };
  End ends[2];
  std::string method;
  bool severed = false;
};

class SimStream final : public Stream {
 public:
  SimStream(Network* network, std::shared_ptr<Network::Connection> connection, int end)
      : network_(network), connection_(std::move(connection)), end_(end) {}
  ~SimStream() override {
    connection_->ends[end_].attached = false;
    Close(Unavailable("the peer closed the stream"));
  }
  // A dead process, whose stacks are being let go, sends nothing more; its connections end when it is gone.
  void Send(std::string message) override {
    if (alive()) network_->Deliver(connection_, 1 - end_, std::move(message));
  }
  void Close(absl::Status why) override {
    if (alive()) network_->CloseFrom(connection_, end_, why);
  }

 private:
  bool alive() const { return connection_->ends[end_].process->alive; }

  Network* const network_;
  const std::shared_ptr<Network::Connection> connection_;
  const int end_;
};

class SimTransport final : public Transport {
 public:
  SimTransport(Network* network, Process* process, std::string address)
      : network_(network), process_(process), address_(std::move(address)) {}
  ~SimTransport() override { network_->StopServing(process_); }

  std::unique_ptr<Stream> Connect(const std::string& address, const std::string& method, Executor* executor,
                                  StreamEvents events) override {
    auto connection = std::make_shared<Network::Connection>();
    std::erase_if(network_->connections_, [](const auto& weak) { return weak.expired(); });
    network_->connections_.push_back(connection);
    connection->method = method;
    connection->ends[0].process = process_;
    connection->ends[0].executor = executor;
    connection->ends[0].events = std::move(events);
    connection->ends[0].attached = true;
    network_->world_->After(network_->Delay(), nullptr,
                            [network = network_, connection, address] { network->Accept(connection, address); });
    return std::make_unique<SimStream>(network_, connection, 0);
  }

  void Serve(const std::string& method, Executor* executor, Accept accept) override {
    std::vector<Network::Service>& services = network_->services_[{address_, method}];
    // A process that wakes up beside its successor finds its port taken.
    for (const Network::Service& other : services) {
      if (other.process->name == process_->name && other.process->number > process_->number) return;
    }
    services.push_back({process_, executor, std::move(accept)});
  }

 private:
  Network* const network_;
  Process* const process_;
  const std::string address_;
};

Network::Service* Network::Route(const std::string& address, const std::string& method, const Process& client) {
  auto found = services_.find({address, method});
  if (found == services_.end()) return nullptr;
  std::vector<Service*> reachable;
  for (Service& service : found->second) {
    const Process& server = *service.process;
    if (!server.alive || server.frozen || IsCut(client.name, server.name) || IsCut(server.name, client.name)) continue;
    reachable.push_back(&service);
  }
  if (reachable.empty()) return nullptr;
  // Whoever hands out addresses has not heard yet of the new leader.
  if (reachable.size() > 1 && faults_ != nullptr && faults_->Take(FaultKind::kStaleRoute, client.name)) return reachable.front();
  return reachable.back();
}

void Network::Accept(const ConnectionPtr& connection, const std::string& address) {
  if (!connection->ends[0].open) return;
  Service* service = Route(address, connection->method, *connection->ends[0].process);
  if (service == nullptr) {
    return CloseBoth(connection, Unavailable("connect to ", address, ": nobody listens there"));
  }
  Connection::End& server = connection->ends[1];
  server.process = service->process;
  server.executor = service->executor;
  service->executor->Post([this, connection, accept = service->accept] {
    if (!connection->ends[1].open) return;
    connection->ends[1].attached = true;
    connection->ends[1].events = accept(std::make_unique<SimStream>(this, connection, 1));
  });
  for (std::string& message : std::exchange(server.backlog, {})) PostMessage(connection, 1, std::move(message));
}

void Network::StopServing(Process* process) {
  for (auto& [key, services] : services_) {
    std::erase_if(services, [&](const Service& service) { return service.process == process; });
  }
}

void Network::CloseConnectionsOf(Process* process, const absl::Status& why) {
  auto connections = connections_;
  for (auto& weak : connections) {
    auto connection = weak.lock();
    if (connection == nullptr) continue;
    for (int end : {0, 1}) {
      if (connection->ends[end].process != process) continue;
      if (process->alive) {
        CloseBoth(connection, why);
      } else {
        CloseFrom(connection, end, why);
      }
    }
  }
  if (!process->alive) last_control_.erase(process);
}

std::unique_ptr<Transport> Network::MakeTransport(Process* process, std::string address) {
  return std::make_unique<SimTransport>(this, process, std::move(address));
}

Network::Link& Network::LinkOf(const std::string& from, const std::string& to) {
  auto [at, is_new] = links_.try_emplace({from, to});
  Link& link = at->second;
  if (is_new && faults_ != nullptr) {
    const std::string who = Cat(from, ">", to);
    link.breaks = faults_->At(FaultKind::kBreak, who);
    link.half_opens = faults_->At(FaultKind::kHalfOpen, who);
    link.late_closes = faults_->At(FaultKind::kLateClose, who);
  }
  return link;
}

bool Network::IsCut(const std::string& from, const std::string& to) const {
  auto found = links_.find({from, to});
  return found != links_.end() && found->second.cut_until > world_->now();
}

void Network::Cut(const std::string& from, const std::string& to, absl::Duration until, bool severs, Random& random) {
  Link& link = LinkOf(from, to);
  link.cut_until = std::max(link.cut_until, until);
  if (!severs) return;
  auto connections = connections_;
  for (auto& weak : connections) {
    auto connection = weak.lock();
    if (connection == nullptr || connection->ends[1].process == nullptr) continue;
    const std::string& a = connection->ends[0].process->name;
    const std::string& b = connection->ends[1].process->name;
    if ((a == from && b == to) || (a == to && b == from)) Sever(connection, random);
  }
}

void Network::Slow(const std::string& from, const std::string& to, absl::Duration until, absl::Duration most) {
  Link& link = LinkOf(from, to);
  link.slow_until = until;
  link.slow_by = most;
}

void Network::Heal() {
  for (auto& [roles, link] : links_) link.cut_until = link.slow_until = absl::ZeroDuration();
}

void Network::Deliver(const ConnectionPtr& connection, int to, std::string message) {
  Connection::End& sender = connection->ends[1 - to];
  if (!sender.open || !connection->ends[to].open || connection->severed) return;
  if (faults_ != nullptr && connection->ends[to].process != nullptr) {
    Link& link = LinkOf(sender.process->name, connection->ends[to].process->name);
    if (faults_->Take(link.breaks) != nullptr) return CloseBoth(connection, Unavailable("the network broke the stream"));
    if (Fault* half_open = faults_->Take(link.half_opens)) {
      half_open->until += Millis(3000);
      return Sever(connection, half_open->random);
    }
  }
  bool is_hello = sender.num_sent++ == 0;
  if (to == 1 && connection->method == kControlMethod && !is_hello) {
    std::deque<std::string>& last = last_control_[sender.process];
    last.push_back(message);
    if (last.size() > kRepeated) last.pop_front();
  }
  Send(connection, to, std::move(message));
  if (to == 1 && is_hello && connection->method == kControlMethod) Repeat(connection);
}

void Network::Repeat(const ConnectionPtr& connection) {
  const Process* worker = connection->ends[0].process;
  auto last = last_control_.find(worker);
  if (faults_ == nullptr || last == last_control_.end() || last->second.empty()) return;
  if (faults_->Take(FaultKind::kRepeat, worker->name) == nullptr) return;
  for (const std::string& message : std::exchange(last->second, {})) Send(connection, 1, message);
}

void Network::Send(const ConnectionPtr& connection, int to, std::string message) {
  Connection::End& receiver = connection->ends[to];
  absl::Duration delay = Delay();
  absl::Duration arrival = world_->now() + delay;
  if (receiver.process != nullptr) {
    Link& link = LinkOf(connection->ends[1 - to].process->name, receiver.process->name);
    if (link.slow_until > world_->now()) arrival += world_->Jitter(link.slow_by);
    arrival = std::max(arrival, link.cut_until + delay);
  }
  arrival = std::max(arrival, receiver.last_arrival + absl::Microseconds(1));
  receiver.last_arrival = arrival;
  world_->After(arrival - world_->now(), nullptr, [this, connection, to, message = std::move(message)]() mutable {
    Connection::End& end = connection->ends[to];
    if (!end.open || connection->severed) return;
    if (end.executor == nullptr) {
      end.backlog.push_back(std::move(message));
    } else {
      PostMessage(connection, to, std::move(message));
    }
  });
}

void Network::PostMessage(const ConnectionPtr& connection, int to, std::string message) {
  connection->ends[to].executor->Post([connection, to, message = std::move(message)]() mutable {
    Connection::End& at = connection->ends[to];
    if (at.attached && at.events.on_message) at.events.on_message(std::move(message));
  });
}

void Network::CloseEnd(const ConnectionPtr& connection, int which, const absl::Status& why) {
  Connection::End& end = connection->ends[which];
  if (!std::exchange(end.open, false)) return;
  if (end.process == nullptr || !end.process->alive || end.executor == nullptr || !end.attached) {
    auto dropped = std::exchange(end.events, {});
    return;
  }
  end.executor->Post([connection, &end, why] {
    auto events = std::exchange(end.events, {});
    if (end.attached && events.on_closed) events.on_closed(why);
  });
}

void Network::CloseBoth(const ConnectionPtr& connection, const absl::Status& why) {
  CloseEnd(connection, 0, why);
  CloseEnd(connection, 1, why);
}

void Network::CloseFrom(const ConnectionPtr& connection, int which, const absl::Status& why) {
  Connection::End& self = connection->ends[which];
  Connection::End& other = connection->ends[1 - which];
  if (!self.open) {
    // It has learned of the end already; its process may have died meanwhile.
    if (!self.process->alive || !self.attached) auto dropped = std::exchange(self.events, {});
    return;
  }
  CloseEnd(connection, which, why);
  if (!other.open || connection->severed) return;
  absl::Duration at = std::max(world_->now() + Delay(), other.last_arrival + absl::Microseconds(1));
  if (other.process != nullptr) {
    Link& link = LinkOf(self.process->name, other.process->name);
    at = std::max(at, link.cut_until);
    Fault* late = faults_ == nullptr ? nullptr : faults_->Take(link.late_closes);
    if (late != nullptr) at = late->until = at + Millis(10 + late->random.Below(1500));
  }
  world_->After(at - world_->now(), nullptr,
                [this, connection, which, why] { CloseEnd(connection, 1 - which, why); });
}

void Network::Sever(const ConnectionPtr& connection, Random& random) {
  if (std::exchange(connection->severed, true)) return;
  for (int end : {0, 1}) {
    absl::Duration notices = random.Chance(0.5) ? Millis(random.Below(100)) : Millis(random.Below(3000));
    world_->After(notices, nullptr,
                  [this, connection, end] { CloseEnd(connection, end, Unavailable("the peer does not answer")); });
  }
}

}  // namespace millrace::sim
