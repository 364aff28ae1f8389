#pragma once

#include <memory>
#include <variant>

#include "arrow/type_fwd.h"
#include "base/event_time.h"
#include "base/ids.h"

namespace millrace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

// Rows. `port` tells the two kinds of rows of an exchange behind a local combiner apart: 0 raw rows, 1 partial
// aggregates.
struct DataBatch {
  BatchPtr rows;
  uint32_t port = 0;
};
// No row with an event time at or before `time` follows on this channel.
struct Watermark {
  EventTimeMicros time = kNoWatermark;
};
// Stop waiting for this channel's watermark; the next row or watermark takes that back.
struct Idle {};
enum class BarrierKind : uint8_t { kPeriodic = 1, kStop = 2, kDrain = 3 };
struct Barrier {
  Epoch epoch;
  BarrierKind kind = BarrierKind::kPeriodic;
  // Rows sent on this channel before the barrier, since the deployment; filled per channel by the sender, compared by
  // the receiver.
  uint64_t rows_before = 0;
};
// Nothing follows. Sent only behind a last barrier. It stands for every later barrier.
struct EndOfInput {
  uint64_t rows_before = 0;
};

// All that travels between tasks.
using StreamEvent = std::variant<DataBatch, Watermark, Idle, Barrier, EndOfInput>;

}  // namespace millrace
