#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/internal/v1/control.pb.h"
#include "worker/deployment.h"
#include "worker/sink_committer.h"
#include "worker/worker_options.h"

namespace millrace {

// A worker process's data plane: registers with the coordinator, runs what it deploys, commits what it appoints it to
// commit.
//
// A lost connection to the coordinator ends every deployment: the next leader deploys anew, under a higher generation.
//
// Owns:    the slots' executors, the shuffle's receiving end, deployments.
// Thread:  its executor, destruction included.
class Worker {
 public:
  explicit Worker(WorkerOptions options);
  ~Worker();

  // Connects, and goes on connecting.
  void Start();
  // SIGTERM: tells the coordinator that it leaves. The coordinator takes a checkpoint and undeploys; then idle() is
  // true.
  void Leave();
  bool idle() const { return deployments_.empty(); }
  bool connected() const { return welcomed_; }

 private:
  void Connect();
  void OnMessage(const std::string& bytes);
  void OnClosed(const absl::Status& why);
  void OnDeploy(internal::v1::Deploy deploy);
  void Heartbeat();
  void Send(const internal::v1::WorkerMessage& message);
  // Of one pipeline, or of all.
  void SendHeartbeat(const std::string& only_pipeline);
  Deployment* Find(const std::string& pipeline, uint64_t generation);

  const WorkerOptions options_;
  std::vector<std::unique_ptr<Executor>> executors_;
  std::vector<Slot> slots_;
  WorkerProbe probe_;
  ShuffleRouter router_;
  SinkCommitter committer_;
  std::map<std::string, std::unique_ptr<Deployment>> deployments_;
  std::unique_ptr<Stream> control_;
  uint64_t connection_ = 0;
  bool welcomed_ = false;
  bool leaving_ = false;
  uint64_t heartbeat_sequence_ = 0;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace millrace
