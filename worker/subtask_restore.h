#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/blob_store.h"
#include "millrace/internal/v1/control.pb.h"
#include "worker/local_subtask.h"
#include "worker/operator_chain.h"
#include "worker/worker_options.h"

namespace millrace {

// Makes what a subtask runs on: opens its source where the checkpoint stands, makes its operators and sinks, restores
// their state, and says to which operator each channel leads.
//
// Owns:    nothing; what it makes goes into the subtask's parts.
// Thread:  IoPool. Blocks.
// Fails:   FailedPrecondition: the state is not that which the plan asks for. Else as connectors and state backends do.
class SubtaskRestore {
 public:
  // All are borrowed.
  SubtaskRestore(const WorkerOptions& options, const internal::v1::Deploy& plan, LocalSubtask& local)
      : options_(options), plan_(plan), local_(local), parts_(*local.parts) {}
  absl::Status Run();

 private:
  // Where a source begins: its splits, and what all subtasks' splits have in common.
  struct Assignment {
    std::vector<storage::v1::SplitState> splits;
    std::string system_id;
    bool is_bounded = false;
  };
  Assignment AssignmentOf(const internal::v1::ChainNode& node, const SourceConnector& connector) const;
  absl::Status OpenSource(const internal::v1::ChainNode& node);
  absl::StatusOr<std::unique_ptr<Sink>> MakeSinkOf(const internal::v1::ChainNode& node) const;
  absl::Status OpenOperator(const internal::v1::ChainNode& node, OperatorChain::Node& made);
  OperatorContext ContextOf(const internal::v1::ChainNode& node, StateMemory* memory) const;
  absl::Status RestoreState(const internal::v1::ChainNode& node,
                            const std::vector<storage::v1::SnapshotHandle>& handles, Operator& op);
  void RouteChannels();
  // Whether anybody reads output 1 of the node.
  bool SideIsRead(const std::string& uid) const;

  const WorkerOptions& options_;
  const internal::v1::Deploy& plan_;
  LocalSubtask& local_;
  Subtask::Parts& parts_;
  std::shared_ptr<BlobStore> blobs_;
};

}  // namespace millrace
