#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/event_time.h"
#include "base/ids.h"
#include "base/key_group.h"
#include "base/metrics.h"
#include "connectors/record_place.h"
#include "state/state_backend.h"
#include "worker/stream_event.h"

namespace millrace {

// Where an operator's rows go. Never blocks, never fails; order downstream is the order of calls.
class Output {
 public:
  virtual ~Output() = default;
  // Rows that the operator has made. `output`: 0 is the main one; the others are the node kind's (late, partial
  // aggregates, dead letters).
  virtual void Emit(uint32_t output, BatchPtr rows) = 0;
  // Rows that each came from one of the batch that is being processed: row i from its row taken[i], or from row i if
  // `taken` is null. So that whoever meets a bad one behind it can name the record.
  virtual void EmitFrom(uint32_t output, BatchPtr rows, const std::vector<uint32_t>* /*taken*/) {
    Emit(output, std::move(rows));
  }
  // The records that these rows of the batch that is being processed came from, in their order. Empty: it is not known,
  // for operators before have made them, or they came through an exchange.
  virtual std::vector<RecordPlace> PlacesOf(const std::vector<uint32_t>& /*rows*/) const { return {}; }
};

// What an operator's barrier froze: the dirty part of its hot tables, copied out without sorting. Written off-thread
// while the operator goes on.
//
// Thread:  made on the task thread, used once on the IoPool.
class FrozenEntries {
 public:
  virtual ~FrozenEntries() = default;
  virtual absl::Status WriteTo(StateBackend& backend) = 0;
  // Memory held, roughly, as it was made.
  virtual uint64_t num_bytes() const { return 0; }
};

// What the receivers behind an operator's exchange have confirmed, for the combiner in front of it
// (docs/ARCHITECTURE.md, "Time"). Task thread.
class DownstreamProgress {
 public:
  virtual ~DownstreamProgress() = default;
  // Every receiver has seen that this channel counts (again) for its watermark.
  virtual bool ChannelsCount() const = 0;
  // A row whose window ends at or before this may be late at some receiver: the larger of the watermark last sent and
  // of those that receivers had reached when they confirmed. kNoWatermark: none.
  virtual EventTimeMicros ReachedWatermark() const = 0;
};

class StateMemory;

// What an operator may reach. Borrowed from the subtask; outlives the operator.
struct OperatorContext {
  std::string pipeline;
  std::string uid;
  SubtaskId subtask;
  KeyGroupRange key_groups;
  uint32_t num_key_groups = kNumKeyGroups;
  const Clock* clock = nullptr;
  Metrics* metrics = nullptr;
  // Local combiner only.
  const DownstreamProgress* downstream = nullptr;
  // To be told while state is restored; afterwards the chain tells it. May be null.
  StateMemory* memory = nullptr;
  // Somebody reads the node's output 1, dead letters. Filter and project only.
  bool dead_letters_connected = false;
  // Stateful operators only: the largest watermark of the restored checkpoint.
  EventTimeMicros restored_watermark = kNoWatermark;
  // Where randomness begins: another for each operator, subtask and deployment.
  uint64_t seed = 0;
};

// What an operator holds now, for gauges.
struct OperatorFigures {
  uint64_t num_windows = 0;
  uint64_t num_keys = 0;   // entries of its state: a key in two open windows counts twice
  uint64_t num_bytes = 0;  // roughly
};

// A step of a pipeline on columnar batches. Its durable state is what BeforeBarrier hands out and Restore reads:
// nothing else survives.
//
// Owns:    its hot tables.
// Thread:  task thread, except Restore (IoPool, before everything else).
// Blocks:  never.
// Fails:   a failure ends the task. Permanent ones (base/error.h) end the pipeline.
class Operator {
 public:
  virtual ~Operator() = default;
  virtual absl::Status Open(const OperatorContext& context) = 0;
  // Rebuilds hot tables from the backend, which holds the context's key groups. Called for stateful operators, after
  // Open, on the IoPool, with an empty backend on a fresh start.
  virtual absl::Status Restore(StateBackend& /*backend*/) { return absl::OkStatus(); }
  // `port` is DataBatch::port for an input that is an exchange behind a combiner, else 0.
  virtual absl::Status ProcessBatch(uint32_t input, uint32_t port, const BatchPtr& rows, Output& out) = 0;
  // The operator's own watermark has moved up. Fires what is due. The chain forwards the watermark after it.
  virtual absl::Status OnWatermark(EventTimeMicros watermark, Output& out) = 0;
  // All inputs are idle; the chain forwards the mark after it.
  virtual absl::Status OnIdle(Output& /*out*/) { return absl::OkStatus(); }
  // Before a barrier is handed on: emit what has no state, freeze what is dirty. Null: stateless, or nothing was dirty.
  virtual absl::StatusOr<std::unique_ptr<FrozenEntries>> BeforeBarrier(Epoch epoch, Output& out) = 0;
  virtual absl::Status Close() { return absl::OkStatus(); }
  // Cheap: it is asked several times a second.
  virtual OperatorFigures figures() const { return {}; }
  // Memory that its tables hold, roughly. Very cheap: it is asked after every batch.
  virtual uint64_t num_bytes() const { return 0; }
};

}  // namespace millrace
