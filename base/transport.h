#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "base/executor.h"

namespace millrace {

// One end of a stream of messages: ordered, each delivered at most once, lost only if the stream breaks.
// The control protocol and the shuffle both travel on such streams. Production: gRPC; simulation: a model of a network.
//
// Thread:  any. Destruction closes; no callback runs after it if it happens on the stream's executor.
// Blocks:  never; what the peer does not take is buffered, so callers bound it by credit or by heartbeat.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual void Send(std::string message) = 0;
  virtual void Close(absl::Status why) = 0;
};

// Where a stream's events go. Both run on the executor that was given with them, OnClosed once and last.
struct StreamEvents {
  absl::AnyInvocable<void(std::string message)> on_message;
  absl::AnyInvocable<void(absl::Status why)> on_closed;
};

class Transport {
 public:
  virtual ~Transport() = default;
  // Opens a stream to a method such as "/millrace.internal.v1.ControlService/Connect". Failure to connect arrives as
  // on_closed.
  virtual std::unique_ptr<Stream> Connect(const std::string& address, const std::string& method, Executor* executor,
                                          StreamEvents events) = 0;
  // Serves a method. `accept` runs on `executor` for every new stream and answers with where its events go.
  using Accept = std::function<StreamEvents(std::unique_ptr<Stream>)>;
  virtual void Serve(const std::string& method, Executor* executor, Accept accept) = 0;
};

inline constexpr char kControlMethod[] = "/millrace.internal.v1.ControlService/Connect";
inline constexpr char kShuffleMethod[] = "/millrace.internal.v1.ShuffleService/Exchange";

}  // namespace millrace
