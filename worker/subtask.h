#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/blob_store.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/memory_account.h"
#include "base/mutex.h"
#include "base/waker.h"
#include "millrace/internal/v1/control.pb.h"
#include "state/state_backend.h"
#include "worker/barrier_aligner.h"
#include "worker/channel_input.h"
#include "worker/epoch_writer.h"
#include "worker/memory_gate.h"
#include "worker/operator_chain.h"
#include "worker/source_input.h"
#include "worker/subtask_probe.h"

namespace millrace {

// What a subtask tells its worker. Called on the subtask's executor.
struct SubtaskEvents {
  std::function<void(absl::Status)> on_failed;  // once; the subtask does nothing after it
  std::function<void()> on_drained;             // every input has ended or sent its final watermark
  std::function<void(internal::v1::CheckpointAck)> on_ack;
};

// One parallel instance of a stage: a resumable step on its slot's executor. Control first, then events, a few per
// step.
//
// WHERE A BARRIER GOES
//   source stage   trigger → positions are taken → [drain: final watermark] → barrier
//   other stages   barrier on every channel (BarrierAligner; delivered channels wait) → barrier
//   then           the chain lets go and freezes (BeforeBarrier) → barrier to every exchange → channels go on →
//                  EpochWriter: frozen entries to the backend, snapshot, staged output → acknowledge
//   parts          rows of full sink buffers go to the EpochWriter too; while kMostParts of them wait, nothing is read
//   memory         while the worker's buffers or snapshots are over budget, source stages do not poll, and sinks let go
//                  of what they have buffered; while snapshots are, no barrier is born either: a due checkpoint waits
//   abort          the epoch's work is still done, for the frozen entries and staged files exist only there; its
//                  committables keep the epoch that sealed them and go out with the next acknowledgement
//
// Owns:    chain, inputs, exchange writers, state backends.
// Thread:  its executor, destruction included; wakes and progress() from any.
// Blocks:  never.
class Subtask {
 public:
  struct Route {  // where events of one input channel go
    size_t node = 0;
    uint32_t input = 0;
    size_t slot = 0;
  };
  struct Parts {
    internal::v1::SubtaskRef ref;
    // The chain's nodes point into it.
    std::shared_ptr<const internal::v1::Deploy> plan;
    KeyGroupRange key_groups;
    std::unique_ptr<OperatorChain> chain;
    std::vector<std::unique_ptr<ExchangeWriter>> exchanges;
    // Exactly one of these two.
    std::unique_ptr<SourceInput> source;
    std::unique_ptr<ChannelInput> channels;
    std::vector<Route> routes;  // by channel
    // By operator uid: stateful operators.
    std::map<std::string, std::shared_ptr<StateBackend>> backends;
  };
  struct Environment {
    Executor* executor = nullptr;
    IoPool* io_pool = nullptr;
    const Clock* clock = nullptr;
    std::shared_ptr<BlobStore> blobs;
    Logger log;
    std::shared_ptr<SubtaskProbe> probe;
    // The worker's. Null: nobody counts.
    std::shared_ptr<MemoryAccount> memory = nullptr;
  };
  Subtask(Environment environment, SubtaskEvents events);
  ~Subtask();

  // Any thread: there is something to do. Before Start it is remembered.
  const std::shared_ptr<Waker>& waker() const { return waker_; }
  // Everything is restored and connected.
  void Start(Parts parts);
  void Trigger(Epoch epoch, BarrierKind kind);
  // A barrier of this epoch will come: its delay counts from now.
  void ExpectBarrier(Epoch epoch) { environment_.probe->BarrierTriggered(epoch); }
  void Abort(Epoch epoch);
  void OnCheckpointCompleted(Epoch epoch);
  void AddSplits(std::span<const storage::v1::SplitState> splits);
  // A channel or stream of it broke. PeerEnded: it stops, and fails only if it is not ended soon.
  void Fail(absl::Status why);
  // Any thread; as of the end of the last step.
  v1::Progress progress() const;

 private:
  void Step();
  absl::Status RunSome();
  absl::StatusOr<bool> RunSource();
  absl::StatusOr<bool> RunChannels();
  absl::Status HandleEvent(size_t channel, StreamEvent event);
  absl::Status OnBarrier(size_t channel, const Barrier& barrier);
  absl::Status BeginCheckpoint(const Barrier& barrier);
  absl::Status InjectBarriers();
  void TakeParts(bool all);
  void OnWritten(WrittenEpoch written);
  void ReportDrained();
  void PublishProgress();
  void Report(absl::Status why);
  void WakeLater(absl::Duration delay);
  bool Writable() const;

  const Environment environment_;
  const SubtaskEvents events_;
  std::shared_ptr<Waker> waker_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

  std::optional<Parts> parts_;
  std::unique_ptr<BarrierAligner> aligner_;
  std::vector<bool> channel_counts_;
  std::deque<Barrier> triggers_;
  bool stopped_reading_ = false;
  bool failed_ = false;  // or stopped, because a peer's deployment has ended
  Epoch epoch_;          // the last one that it began, or was restored from; for the log
  bool drained_reported_ = false;
  bool timer_set_ = false;
  // How the last step ended: without credit; with more to do.
  bool stalled_ = false;
  bool goes_on_ = false;
  MemoryGate gate_;
  std::optional<absl::Duration> alignment_began_;
  Epoch newest_aborted_;

  std::unique_ptr<EpochWriter> writer_;  // from Start on
  std::map<std::string, std::vector<storage::v1::Committable>> committables_;  // by sink uid
  std::map<Epoch, storage::v1::SourceState> acknowledged_positions_;
  uint64_t num_records_ = 0;
  int64_t rows_in_step_ = 0;
  uint64_t num_dead_letters_ = 0;

  mutable Mutex mutex_;
  v1::Progress progress_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace millrace
