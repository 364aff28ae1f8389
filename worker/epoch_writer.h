#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/blob_store.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/memory_account.h"
#include "millrace/internal/v1/control.pb.h"
#include "state/state_backend.h"
#include "worker/operator_chain.h"

namespace millrace {

// What a subtask's chain let go of at a barrier.
struct SealedEpoch {
  Epoch epoch;
  ChainSnapshot chain;
  std::optional<storage::v1::SourceState> source;
  absl::Duration sync;
  absl::Duration sealed_at;  // by the monotonic clock
  absl::Duration alignment;
  MemoryHold frozen;  // of what operators froze
};

// The same when it is durable.
struct WrittenEpoch {
  SealedEpoch sealed;
  std::vector<storage::v1::OperatorState> operators;
  std::vector<std::pair<std::string, std::string>> staged;  // sink uid, committable
  uint64_t state_bytes = 0;
  uint64_t uploaded_bytes = 0;
  absl::Duration took;
  absl::Duration uploading;
};

// Writes what a subtask's chain lets go of, on the IoPool, one after the other and in order: rows of full sink buffers,
// so that they are durable before the epoch that names them, and epochs.
//
// Thread:  its executor, destruction and events included.
// Blocks:  never.
class EpochWriter {
 public:
  struct Environment {
    Executor* executor = nullptr;
    IoPool* io_pool = nullptr;
    const Clock* clock = nullptr;
    std::shared_ptr<BlobStore> blobs;
    std::shared_ptr<const internal::v1::Deploy> plan;
    KeyGroupRange key_groups;
    // By operator uid: stateful operators.
    std::map<std::string, std::shared_ptr<StateBackend>> backends;
  };
  struct Events {
    std::function<void()> on_part;
    std::function<void(WrittenEpoch)> on_epoch;
    // Nothing is written after it.
    std::function<void(absl::Status)> on_failed;
  };
  EpochWriter(Environment environment, Events events)
      : environment_(std::move(environment)), events_(std::move(events)) {}
  ~EpochWriter() { *alive_ = false; }

  void Add(ChainPart part);
  void Add(SealedEpoch epoch);
  // Begins nothing more, and tells nothing.
  void Stop() { stopped_ = true; }
  // Waiting, or being written.
  size_t num_parts() const { return num_parts_; }

 private:
  void Next();
  void Write(ChainPart part);
  void Write(SealedEpoch epoch);
  // What has been written has ended so. Whether the subtask still wants to know.
  bool Ended(absl::Status status);

  const Environment environment_;
  const Events events_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::deque<std::variant<ChainPart, SealedEpoch>> waiting_;
  bool writing_ = false;
  bool stopped_ = false;
  size_t num_parts_ = 0;
};

}  // namespace millrace
