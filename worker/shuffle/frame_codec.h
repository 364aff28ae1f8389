#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/stream_event.h"

namespace millrace {

// StreamEvent ↔ bytes on the wire: a serialized internal.v1.ShuffleFrame. Rows travel as an Arrow IPC message of their
// port's schema, which both sides know from the plan, under a CRC-32C of their own.
//
// Frozen at version 1; the hello of a stream names it.
inline constexpr uint32_t kFrameVersion = 1;

absl::StatusOr<std::string> EncodeFrame(const StreamEvent& event);

// Rows are checked against the schema of their port. DataLoss: the checksum or the structure is wrong.
class FrameDecoder {
 public:
  // Ports without a schema refuse rows.
  explicit FrameDecoder(std::vector<std::shared_ptr<arrow::Schema>> port_schemas) : port_schemas_(std::move(port_schemas)) {}
  absl::StatusOr<StreamEvent> Decode(std::string_view frame) const;

 private:
  std::vector<std::shared_ptr<arrow::Schema>> port_schemas_;
};

}  // namespace millrace
