#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/transport.h"

namespace millrace {

// A Transport within one executor: both ends of a stream share a Link.
class FakeTransport final : public Transport {
 public:
  std::unique_ptr<Stream> Connect(const std::string&, const std::string& method, Executor* executor,
                                  StreamEvents events) override {
    auto link = std::make_shared<Link>();
    link->executor = executor;
    link->events[0] = std::move(events);
    if (!served_.contains(method)) {
      executor->Post([link] { link->Close(absl::UnavailableError("nobody serves")); });
    } else {
      executor->Post([this, link, method] { link->events[1] = served_[method](std::make_unique<End>(link, 1)); });
    }
    return std::make_unique<End>(link, 0);
  }
  void Serve(const std::string& method, Executor*, Accept accept) override { served_[method] = std::move(accept); }

 private:
  struct Link : std::enable_shared_from_this<Link> {
    Executor* executor = nullptr;
    StreamEvents events[2];
    bool alive[2] = {true, true};
    bool closed = false;
    void Send(int from, std::string message) {
      executor->Post([self = shared_from_this(), to = 1 - from, message = std::move(message)] {
        if (!self->closed && self->alive[to]) self->events[to].on_message(message);
      });
    }
    void Close(absl::Status why) {
      if (closed) return;
      closed = true;
      executor->Post([self = shared_from_this(), why] {
        for (int end : {0, 1}) {
          if (self->alive[end] && self->events[end].on_closed) self->events[end].on_closed(why);
        }
      });
    }
  };
  class End final : public Stream {
   public:
    End(std::shared_ptr<Link> link, int side) : link_(std::move(link)), side_(side) {}
    ~End() override {
      link_->alive[side_] = false;
      link_->Close(absl::CancelledError("destroyed"));
    }
    void Send(std::string message) override { link_->Send(side_, std::move(message)); }
    void Close(absl::Status why) override { link_->Close(std::move(why)); }

   private:
    const std::shared_ptr<Link> link_;
    const int side_;
  };

  std::map<std::string, Accept> served_;
};

}  // namespace millrace
