#include "tests/sim/sim_network.h"

#include <algorithm>

#include "base/error.h"

namespace millrace::sim {

// A stream between two processes; end 0 opened it, end 1 accepted it.
struct Network::Connection {
  struct End {
    Process* process = nullptr;
    Executor* executor = nullptr;
    StreamEvents events;
    bool attached = false;  // its Stream object exists
    std::vector<std::string> backlog;  // arrived before the stream was accepted
    absl::Duration last_arrival;
    FaultPlan::Chances* breaks = nullptr;  // of what it sends
  };
  End ends[2];
  bool open = true;
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
    if (alive()) network_->CloseConnection(connection_, std::move(why));
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
  ~SimTransport() override {
    std::erase_if(network_->services_, [&](const auto& entry) { return entry.second.process == process_; });
  }

  std::unique_ptr<Stream> Connect(const std::string& address, const std::string& method, Executor* executor,
                                  StreamEvents events) override {
    auto connection = std::make_shared<Network::Connection>();
    network_->connections_.push_back(connection);
    connection->ends[0].process = process_;
    connection->ends[0].executor = executor;
    connection->ends[0].events = std::move(events);
    connection->ends[0].attached = true;
    network_->world_->After(network_->Delay(), nullptr, [network = network_, connection, address, method] {
      if (!connection->open) return;
      auto service = network->services_.find({address, method});
      if (service == network->services_.end() || !service->second.process->alive || service->second.process->frozen) {
        network->CloseConnection(connection, Unavailable("connect to ", address, ": nobody listens there"));
        return;
      }
      connection->ends[1].process = service->second.process;
      connection->ends[1].executor = service->second.executor;
      service->second.executor->Post([network, connection, accept = service->second.accept] {
        connection->ends[1].attached = true;
        connection->ends[1].events = accept(std::make_unique<SimStream>(network, connection, 1));
      });
      for (std::string& message : std::exchange(connection->ends[1].backlog, {})) {
        network->PostMessage(connection, 1, std::move(message));
      }
    });
    return std::make_unique<SimStream>(network_, connection, 0);
  }

  void Serve(const std::string& method, Executor* executor, Accept accept) override {
    // A process that wakes up beside its successor finds its address taken.
    Network::Service& service = network_->services_[{address_, method}];
    if (service.process != nullptr && service.process->alive && service.process->number > process_->number) return;
    service = {process_, executor, std::move(accept)};
  }

 private:
  Network* const network_;
  Process* const process_;
  const std::string address_;
};

void Network::StopServing(Process* process) {
  std::erase_if(services_, [&](const auto& entry) { return entry.second.process == process; });
}

void Network::CloseConnectionsOf(Process* process, const absl::Status& why) {
  auto connections = connections_;
  for (auto& weak : connections) {
    auto connection = weak.lock();
    if (connection == nullptr || !connection->open) continue;
    if (connection->ends[0].process == process || connection->ends[1].process == process) CloseConnection(connection, why);
  }
}

std::unique_ptr<Transport> Network::MakeTransport(Process* process, std::string address) {
  return std::make_unique<SimTransport>(this, process, std::move(address));
}

void Network::Deliver(const std::shared_ptr<Connection>& connection, int to, std::string message) {
  if (!connection->open) return;
  Connection::End& sender = connection->ends[1 - to];
  if (sender.breaks == nullptr && faults_ != nullptr && connection->ends[to].process != nullptr) {
    sender.breaks = faults_->At(FaultKind::kBreak, Cat(sender.process->name, ">", connection->ends[to].process->name));
  }
  if (sender.breaks != nullptr && faults_->Take(sender.breaks) != nullptr) {
    CloseConnection(connection, Unavailable("the network broke the stream"));
    return;
  }
  Connection::End& end = connection->ends[to];
  absl::Duration arrival = std::max(end.last_arrival + absl::Microseconds(1), world_->now() + Delay());
  end.last_arrival = arrival;
  world_->After(arrival - world_->now(), nullptr, [this, connection, to, message = std::move(message)]() mutable {
    if (!connection->open) return;
    Connection::End& receiver = connection->ends[to];
    if (receiver.executor == nullptr) {
      receiver.backlog.push_back(std::move(message));
    } else {
      PostMessage(connection, to, std::move(message));
    }
  });
}

void Network::PostMessage(const std::shared_ptr<Connection>& connection, int to, std::string message) {
  connection->ends[to].executor->Post([connection, to, message = std::move(message)]() mutable {
    Connection::End& at = connection->ends[to];
    if (connection->open && at.attached && at.events.on_message) at.events.on_message(std::move(message));
  });
}

void Network::CloseConnection(const std::shared_ptr<Connection>& connection, absl::Status why) {
  if (!connection->open) return;
  connection->open = false;
  for (auto& end : connection->ends) {
    if (end.process == nullptr || !end.process->alive || end.executor == nullptr || !end.attached) {
      auto dropped = std::exchange(end.events, {});
      continue;
    }
    end.executor->Post([connection, &end, why] {
      auto events = std::exchange(end.events, {});
      if (end.attached && events.on_closed) events.on_closed(why);
    });
  }
}

}  // namespace millrace::sim
