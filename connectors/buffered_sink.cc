#include "connectors/buffered_sink.h"

#include <utility>

#include "arrow/api.h"
#include "arrow/util/byte_size.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/planted_bug.h"

namespace millrace {

namespace {
constexpr int kPutAttempts = 3;
}  // namespace

class BufferedSink::Part final : public StagedPart {
 public:
  Part(std::shared_ptr<StagedFiles> files, BufferedRows rows) : files_(std::move(files)), rows_(std::move(rows)) {}
  absl::Status Persist() override {
    RETURN_IF_ERROR(files_->Stage(rows_));
    rows_.batches.clear();
    rows_.memory.Resize(0);
    return absl::OkStatus();
  }

 private:
  const std::shared_ptr<StagedFiles> files_;
  BufferedRows rows_;
};

class BufferedSink::SealedEpoch final : public StagedEpoch {
 public:
  SealedEpoch(std::shared_ptr<StagedFiles> files, std::deque<std::unique_ptr<Part>> parts, BufferedRows rows)
      : files_(files), parts_(std::move(parts)), rest_(std::move(files), std::move(rows)) {}

  absl::StatusOr<std::string> Persist() override {
    for (auto& part : std::exchange(parts_, {})) RETURN_IF_ERROR(part->Persist());
    RETURN_IF_ERROR(rest_.Persist());
    return files_->Committable();
  }

 private:
  const std::shared_ptr<StagedFiles> files_;
  std::deque<std::unique_ptr<Part>> parts_;
  Part rest_;
};

BufferedSink::BufferedSink(uint64_t buffer_bytes, std::shared_ptr<MemoryAccount> memory)
    : buffer_bytes_(buffer_bytes), memory_(std::move(memory)), buffer_(memory_, MemoryKind::kBuffers) {}

BufferedSink::~BufferedSink() = default;

void BufferedSink::Buffer(std::shared_ptr<arrow::RecordBatch> rows, uint64_t bytes) {
  unsealed_bytes_ += bytes;
  buffer_.Add(bytes);
  batches_.push_back(std::move(rows));
  if (buffer_.bytes() >= buffer_bytes_) CloseBuffer();
}

BufferedRows BufferedSink::TakeBuffer(Epoch epoch) {
  BufferedRows rows{.batches = std::exchange(batches_, {}),
                    .memory = MemoryHold(memory_, MemoryKind::kSnapshots, buffer_.bytes()),
                    .epoch = epoch};
  buffer_.Resize(0);
  return rows;
}

void BufferedSink::CloseBuffer() {
  if (files_ == nullptr) files_ = MakeFiles();
  BufferedRows rows = TakeBuffer(sealed_);
  rows.part = ++num_parts_;
  parts_.push_back(std::make_unique<Part>(files_, std::move(rows)));
}

std::unique_ptr<StagedPart> BufferedSink::TakePart(bool all) {
  if (parts_.empty() && all && !batches_.empty()) CloseBuffer();
  if (parts_.empty()) return nullptr;
  std::unique_ptr<Part> part = std::move(parts_.front());
  parts_.pop_front();
  return part;
}

absl::StatusOr<std::unique_ptr<StagedEpoch>> BufferedSink::Seal(Epoch epoch) {
  sealed_ = epoch;
  if (batches_.empty() && files_ == nullptr) return nullptr;
  auto files = std::exchange(files_, nullptr);
  if (files == nullptr) files = MakeFiles();
  BufferedRows rows = TakeBuffer(epoch);
  if (MILLRACE_PLANTED(sealed_rows_kept)) batches_ = rows.batches;
  unsealed_bytes_ = 0;
  return std::make_unique<SealedEpoch>(std::move(files), std::exchange(parts_, {}), std::move(rows));
}

uint64_t ReferencedBytes(const arrow::RecordBatch& rows) {
  arrow::Result<int64_t> referenced = arrow::util::ReferencedBufferSize(rows);
  return static_cast<uint64_t>(referenced.ok() ? *referenced : arrow::util::TotalBufferSize(rows));
}

absl::Status CheckColumn(std::string_view what, const arrow::Array& column, const arrow::Field& field) {
  if (!column.type()->Equals(*field.type())) {
    return InvalidArgument("write to ", what, ": column ", field.name(), " is ", column.type()->ToString(),
                           ", the sink expects ", field.type()->ToString());
  }
  if (!field.nullable() && column.null_count() > 0) {
    return InvalidArgument("write to ", what, ": column ", field.name(), " is NOT NULL, but ", column.null_count(), " of ",
                           column.length(), " rows have no value");
  }
  return absl::OkStatus();
}

absl::Status PutUniqueFile(BlobStore& store, const std::string& path, const std::string& bytes,
                           const std::function<absl::StatusOr<PutResult>()>& put) {
  absl::Status last;
  for (int attempt = 0; attempt < kPutAttempts; ++attempt) {
    absl::StatusOr<PutResult> done = put();
    if (done.ok() && *done == PutResult::kCreated) return absl::OkStatus();
    if (!done.ok() && !absl::IsUnavailable(done.status())) return done.status();
    if (MILLRACE_PLANTED(failed_upload_taken_for_done)) return absl::OkStatus();
    if (!done.ok()) last = done.status();
    absl::StatusOr<int64_t> size = store.Size(path);
    if (size.ok() && *size == static_cast<int64_t>(bytes.size())) return absl::OkStatus();
    if (size.ok())
      return Internal("stage ", path, ": a file of that name has ", *size, " bytes, ours has ", bytes.size());
    if (!absl::IsNotFound(size.status())) last = size.status();
  }
  return last.ok() ? Unavailable("stage ", path, ": it comes and goes") : last;
}

}  // namespace millrace
