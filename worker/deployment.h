#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "millrace/internal/v1/control.pb.h"
#include "worker/deployment_probe.h"
#include "worker/local_subtask.h"
#include "worker/shuffle/shuffle_router.h"
#include "worker/worker_options.h"
#include "worker/worker_probe.h"

namespace millrace {

// What runs one subtask of every stage of one pipeline: a thread, and a share of the worker's budget for state.
struct Slot {
  Executor* executor = nullptr;  // borrowed
  std::shared_ptr<MemoryAccount> memory;
};

// This worker's subtasks of one deployment of one pipeline: channels are connected at once, state is restored
// off-thread, then every subtask starts on its slot.
//
// Owns:    its subtasks; each is destroyed on its slot's executor.
// Thread:  the worker's executor.
class Deployment {
 public:
  // How the deployment speaks to the coordinator. Called on the worker's executor, never after destruction.
  using Report = std::function<void(internal::v1::WorkerMessage)>;
  Deployment(const WorkerOptions& options, const std::vector<Slot>& slots, ShuffleRouter* router, internal::v1::Deploy deploy,
             WorkerProbe* probe, Report report);
  ~Deployment();

  // Connects and begins to restore.
  absl::Status Start();
  uint64_t generation() const { return plan_->generation(); }
  void Trigger(const internal::v1::TriggerCheckpoint& trigger);
  void Abort(Epoch epoch);
  void OnCheckpointCompleted(Epoch epoch);
  void AddSplits(const internal::v1::SplitAssignment& assignment);
  // Summed over its subtasks. The rate is that between two calls, at least half a second apart.
  v1::Progress TakeProgress();

 private:
  void MakeSubtask(const internal::v1::SubtaskPlacement& placement);
  // Channels of an exchange into one subtask.
  size_t NumWriters(const internal::v1::Exchange& exchange) const;
  absl::Status ConnectExchange(const internal::v1::Exchange& exchange);
  absl::StatusOr<std::vector<std::shared_ptr<arrow::Schema>>> PortSchemas(const internal::v1::Exchange& exchange) const;
  const internal::v1::ChainNode* FindNode(const std::string& uid) const;
  LocalSubtask* FindLocal(uint32_t stage, uint32_t index);
  const internal::v1::SubtaskPlacement& PlacementOf(uint32_t stage, uint32_t index) const;
  void LogRestored(const internal::v1::SubtaskRef& ref, const absl::Status& status) const;
  void Send(const internal::v1::SubtaskRef& ref, internal::v1::SubtaskPhase phase, const absl::Status& error);

  const WorkerOptions options_;
  const std::vector<Slot> slots_;
  ShuffleRouter* const router_;
  const std::shared_ptr<const internal::v1::Deploy> plan_;
  const Report report_;
  WorkerProbe* const worker_probe_;
  DeploymentProbe probe_;
  absl::Duration rate_since_;
  uint64_t rate_records_ = 0;
  double records_per_second_ = 0;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::vector<std::unique_ptr<LocalSubtask>> locals_;
};

// absl::Status ↔ the wire.
internal::v1::Error ToError(const absl::Status& status);

}  // namespace millrace
