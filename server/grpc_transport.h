#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/transport.h"

namespace millrace {

// Transport over gRPC: every stream is a bidirectional call of raw bytes on a connection of its own, so that a full
// shuffle stream never delays a heartbeat. Keepalive pings notice a peer that hangs or a cable that was pulled.
//
// A closed stream reaches the peer so: Close(OK) after everything sent before it; an error of the serving end with its
// code and message; an error of the connecting end as Unavailable.
//
// Owns:    its gRPC server and the calls. Executors outlive it; streams may outlive it and are then closed.
// Thread:  any; Listen once.
// Blocks:  only the destructor: it flushes what closed streams have queued, up to Options::flush_timeout, then breaks
//          the rest.
// Fails:   Listen: Unavailable if the address cannot be bound.
class GrpcTransport final : public Transport {
 public:
  struct Options {
    // An idle connection is probed after this long, and broken if no answer comes within the time-out.
    absl::Duration keepalive_time = absl::Seconds(1);
    absl::Duration keepalive_timeout = absl::Seconds(2);
    // A connection that is not made by then fails.
    absl::Duration connect_timeout = absl::Seconds(3);
    absl::Duration flush_timeout = absl::Milliseconds(500);
    int max_message_bytes = 64 << 20;
  };
  explicit GrpcTransport(Options options);
  GrpcTransport() : GrpcTransport(Options()) {}
  ~GrpcTransport() override;

  std::unique_ptr<Stream> Connect(const std::string& address, const std::string& method, Executor* executor,
                                  StreamEvents events) override;
  // Streams to a method that is not served are refused with Unimplemented.
  void Serve(const std::string& method, Executor* executor, Accept accept) override;
  // Binds HOST:PORT, port 0 for a free one, and begins to serve. Methods may be served before or after.
  absl::Status Listen(const std::string& address);
  // The bound port; 0 before Listen.
  int port() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace
