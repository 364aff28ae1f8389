#include "worker/shuffle/frame_codec.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/api.h>

#include "base/arrow_status.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "base/macros.h"
#include "millrace/internal/v1/shuffle.pb.h"

namespace millrace {
namespace {

template <typename... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

absl::StatusOr<std::string> EncodeRows(const arrow::RecordBatch& rows) {
  ASSIGN_OR_RETURN(auto buffer, FromArrow(arrow::ipc::SerializeRecordBatch(rows, arrow::ipc::IpcWriteOptions::Defaults())));
  return std::string(reinterpret_cast<const char*>(buffer->data()), static_cast<size_t>(buffer->size()));
}

}  // namespace

absl::StatusOr<std::string> EncodeFrame(const StreamEvent& event) {
  internal::v1::ShuffleFrame frame;
  absl::Status status = std::visit(
      Overloaded{
          [&](const DataBatch& data) -> absl::Status {
            ASSIGN_OR_RETURN(std::string ipc, EncodeRows(*data.rows));
            auto* out = frame.mutable_data();
            out->set_port(data.port);
            out->set_crc32c(Crc32c(ipc));
            out->set_ipc(std::move(ipc));
            return absl::OkStatus();
          },
          [&](const Watermark& watermark) {
            frame.set_watermark_micros(watermark.time);
            return absl::OkStatus();
          },
          [&](const Idle&) {
            frame.mutable_idle();
            return absl::OkStatus();
          },
          [&](const Barrier& barrier) {
            auto* out = frame.mutable_barrier();
            out->set_epoch(barrier.epoch.value());
            out->set_kind(static_cast<uint32_t>(barrier.kind));
            out->set_rows_before(barrier.rows_before);
            return absl::OkStatus();
          },
          [&](const EndOfInput& end) {
            frame.mutable_end()->set_rows_before(end.rows_before);
            return absl::OkStatus();
          },
      },
      event);
  RETURN_IF_ERROR(status);
  return frame.SerializeAsString();
}

absl::StatusOr<StreamEvent> FrameDecoder::Decode(std::string_view bytes) const {
  internal::v1::ShuffleFrame frame;
  if (!frame.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return DataLoss("decode shuffle frame: not a frame, bytes: ", bytes.size());
  }
  switch (frame.kind_case()) {
    case internal::v1::ShuffleFrame::kData: {
      auto& data = *frame.mutable_data();
      if (data.port() >= port_schemas_.size() || port_schemas_[data.port()] == nullptr) {
        return DataLoss("decode shuffle frame: unexpected port ", data.port());
      }
      if (Crc32c(data.ipc()) != data.crc32c()) return DataLoss("decode shuffle frame: the checksum of its rows is wrong");
      auto buffer = arrow::Buffer::FromString(std::move(*data.mutable_ipc()));
      arrow::io::BufferReader reader(buffer);
      auto rows = arrow::ipc::ReadRecordBatch(port_schemas_[data.port()], nullptr, arrow::ipc::IpcReadOptions::Defaults(), &reader);
      if (!rows.ok()) return DataLoss("decode shuffle frame: ", rows.status().message());
      // The reader looks at sizes only, and operators do not look: offsets of strings may point anywhere.
      if (arrow::Status sound = (*rows)->ValidateFull(); !sound.ok()) return DataLoss("decode shuffle frame: ", sound.message());
      return StreamEvent(DataBatch{*rows, data.port()});
    }
    case internal::v1::ShuffleFrame::kWatermarkMicros:
      return StreamEvent(Watermark{frame.watermark_micros()});
    case internal::v1::ShuffleFrame::kIdle:
      return StreamEvent(Idle{});
    case internal::v1::ShuffleFrame::kBarrier: {
      const auto& barrier = frame.barrier();
      if (barrier.kind() < 1 || barrier.kind() > 3) return DataLoss("decode shuffle frame: unknown barrier kind ", barrier.kind());
      return StreamEvent(Barrier{Epoch(barrier.epoch()), static_cast<BarrierKind>(barrier.kind()), barrier.rows_before()});
    }
    case internal::v1::ShuffleFrame::kEnd:
      return StreamEvent(EndOfInput{frame.end().rows_before()});
    default:
      return DataLoss("decode shuffle frame: unknown kind ", static_cast<int>(frame.kind_case()));
  }
}

}  // namespace millrace
