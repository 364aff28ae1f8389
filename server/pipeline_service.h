#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "server/pipeline_control.h"

namespace millrace {

// Serves millrace.v1.PipelineService and grpc.health.v1.Health.
//
// A call whose client left or whose deadline passed ends at once; what PipelineControl still answers is dropped.
//
// Owns:    its gRPC server. Borrows the control, metrics and clock, which outlive it; the control may answer after it.
// Thread:  any.
// Blocks:  only the destructor, until the running calls have ended, which it cancels.
class PipelineServer {
 public:
  struct Options {
    std::string bind = "127.0.0.1";
    int port = 7070;  // 0: a free one
    bool insecure = false;    // allows a public address without TLS
    bool reflection = false;  // lets anyone who connects list services and messages
  };
  // Fails with InvalidArgument for a public address, FailedPrecondition if the port is taken; both say which flag to
  // change.
  static absl::StatusOr<std::unique_ptr<PipelineServer>> Listen(const Options& options, PipelineControl* control, Metrics* metrics,
                                                                const Clock* clock);
  ~PipelineServer();

  int port() const;
  // Health of service "millrace.v1.PipelineService": true on the leader, with its catalogue loaded. Begins as false;
  // health of "" is true all along.
  void SetServing(bool serving);

 private:
  struct State;
  explicit PipelineServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace millrace
