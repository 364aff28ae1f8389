#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"
#include "base/event_time.h"

namespace millrace {

// Payload of one record, borrowed for the call.
struct RawRecord {
  const void* value = nullptr;  // nullptr: the record has none (a tombstone)
  size_t value_size = 0;
};

// What became of a good record: a row, or nothing, for nobody wants it.
enum class Decoded { kRow, kDropped };

// Turns payloads into columns.
//
// Owns:    the rows since the last Flush.
// Thread:  task thread.
// Blocks:  never.
class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;
  // Appends one row, unless the record filter drops it; whether a record is good does not depend on that.
  // InvalidArgument: the record is bad, the message says why, and nothing was appended. Any other failure is fatal: the
  // decoder must not be used again.
  virtual absl::StatusOr<Decoded> Append(const RawRecord& record) = 0;
  // Event time of the record that was dropped last; kNoWatermark if it has none.
  virtual EventTimeMicros dropped_time() const = 0;
  // Why the last bad record was bad, without anything of the record itself, so that like ones can be counted.
  virtual std::string refusal() const = 0;
  virtual int64_t num_rows() const = 0;
  // Rows since the last Flush, which may be none.
  virtual absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Flush() = 0;
};

}  // namespace millrace
