#include "connectors/row_files/row_files_sink.h"

#include <arrow/api.h>
#include <arrow/util/byte_size.h>

#include <utility>

#include "absl/strings/str_format.h"
#include "base/arrow_status.h"
#include "base/checksum_field.h"
#include "base/error.h"
#include "base/macros.h"
#include "connectors/delta/delta_data_file.h"
#include "millrace/storage/v1/row_files.pb.h"

namespace millrace {
namespace {

constexpr uint32_t kCommittableVersion = 1;
constexpr int kPutAttempts = 3;

// Unknown outcomes are settled by looking: the name is unique to its content.
absl::Status PutStaged(BlobStore& store, const std::string& path, const std::string& bytes) {
  absl::Status last;
  for (int attempt = 0; attempt < kPutAttempts; ++attempt) {
    absl::StatusOr<PutResult> put = store.PutIfAbsent(path, bytes);
    if (put.ok() && *put == PutResult::kCreated) return absl::OkStatus();
    if (!put.ok() && !absl::IsUnavailable(put.status())) return put.status();
    if (!put.ok()) last = put.status();
    absl::StatusOr<int64_t> size = store.Size(path);
    if (size.ok() && *size == static_cast<int64_t>(bytes.size())) return absl::OkStatus();
    if (size.ok()) return Internal("stage ", path, ": a file of that name has ", *size, " bytes, ours has ", bytes.size());
    if (!absl::IsNotFound(size.status())) last = size.status();
  }
  return last.ok() ? Unavailable("stage ", path, ": it comes and goes") : last;
}

}  // namespace

// What the IoPool has made of one epoch's rows so far: one call at a time.
struct RowFilesSink::Files {
  explicit Files(const RowFilesSink& sink) : options(sink.options_), store(sink.store_) {
    committable.set_format_version(kCommittableVersion);
    committable.set_subtask_index(options->subtask_index);
  }
  absl::Status Add(const std::string& directory, const std::string& who, int64_t num_rows, const std::string& text);

  const std::shared_ptr<const RowFilesOptions> options;
  const std::shared_ptr<BlobStore> store;
  storage::v1::RowFilesCommittable committable;
};

// `directory`: of the name under which it is published. `who`: who writes it and when.
absl::Status RowFilesSink::Files::Add(const std::string& directory, const std::string& who, int64_t num_rows,
                                      const std::string& text) {
  storage::v1::RowFile& file = *committable.add_files();
  const std::string checksum = Xxh128Hex(text);
  const std::string& lineage = options->identity.lineage;
  // Unique by who writes it and when, and by what is in it; nothing random, so that a simulated run can be repeated.
  const std::string name = Cat(who, "-", Xxh128Hex(Cat(who, "/", options->generation.value(), "/", directory, "/", checksum)), ".json");
  file.set_staged_path(Cat(options->home, "/staged/", name));
  if (options->publish) file.set_path(Cat(directory, "part-", lineage.substr(0, 8), "-", name));
  file.set_size_bytes(static_cast<int64_t>(text.size()));
  file.set_num_rows(num_rows);
  file.set_checksum(checksum);
  return PutStaged(*store, file.staged_path(), text);
}

// Rows that become files together.
struct RowFilesSink::Rows {
  absl::Status Stage(Files* files);
  absl::Status StageFile(const arrow::RecordBatchVector& rows, const std::string& directory, int number, Files* files) const;

  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  MemoryHold memory;
  // That seals them; of a part, which cannot know it, the one sealed before.
  Epoch epoch;
  // Numbers a sink's parts, from 1; 0: sealed with the epoch.
  uint64_t part = 0;
};

absl::Status RowFilesSink::Rows::StageFile(const arrow::RecordBatchVector& rows, const std::string& directory, int number,
                                           Files* files) const {
  const RowFilesOptions& options = *files->options;
  if (rows.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(JsonRowWriter writer, JsonRowWriter::Make(*rows.front()->schema(), options.json));
  std::string text;
  int64_t num_rows = 0;
  for (const auto& batch : rows) {
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      RETURN_IF_ERROR(writer.AppendRow(*batch, row, &text));
      text += '\n';
    }
    num_rows += batch->num_rows();
  }
  return files->Add(directory, absl::StrFormat("%012d-%05d-%d-%d", epoch.value(), options.subtask_index, part, number), num_rows, text);
}

absl::Status RowFilesSink::Rows::Stage(Files* files) {
  const RowFilesOptions& options = *files->options;
  if (options.partition_by.empty()) {
    RETURN_IF_ERROR(StageFile(batches, "", 0, files));
  } else if (!batches.empty()) {
    ASSIGN_OR_RETURN(PartitionedRows parts, SplitByPartition(batches, *options.schema, options.partition_by));
    int number = 0;
    for (auto& [values, table] : parts) {
      ASSIGN_OR_RETURN(auto rows, FromArrow(arrow::TableBatchReader(*table).ToRecordBatches()));
      RETURN_IF_ERROR(StageFile(rows, PartitionPath(options.partition_by, values), number++, files));
    }
  }
  batches.clear();
  memory.Resize(0);
  return absl::OkStatus();
}

class RowFilesSink::Part final : public StagedPart {
 public:
  Part(std::shared_ptr<Files> files, Rows rows) : files_(std::move(files)), rows_(std::move(rows)) {}
  absl::Status Persist() override { return rows_.Stage(files_.get()); }

 private:
  const std::shared_ptr<Files> files_;
  Rows rows_;
};

class RowFilesSink::SealedEpoch final : public StagedEpoch {
 public:
  SealedEpoch(std::shared_ptr<Files> files, std::deque<std::unique_ptr<Part>> parts, Rows rows)
      : files_(std::move(files)), parts_(std::move(parts)), rows_(std::move(rows)) {}

  absl::StatusOr<std::string> Persist() override {
    for (auto& part : std::exchange(parts_, {})) RETURN_IF_ERROR(part->Persist());
    RETURN_IF_ERROR(rows_.Stage(files_.get()));
    return files_->committable.SerializeAsString();
  }

 private:
  const std::shared_ptr<Files> files_;
  std::deque<std::unique_ptr<Part>> parts_;
  Rows rows_;
};

RowFilesSink::RowFilesSink(RowFilesOptions options, std::shared_ptr<BlobStore> store)
    : options_(std::make_shared<const RowFilesOptions>(std::move(options))),
      store_(std::move(store)),
      buffer_(options_->memory, MemoryKind::kBuffers) {}

RowFilesSink::~RowFilesSink() = default;

absl::Status RowFilesSink::Write(const arrow::RecordBatch& rows) {
  if (rows.num_rows() == 0) return absl::OkStatus();
  const arrow::Schema& schema = *options_->schema;
  if (rows.num_columns() != schema.num_fields()) {
    return InvalidArgument("write to ", options_->what, ": the rows have ", rows.num_columns(), " columns, the sink expects ",
                           schema.num_fields());
  }
  arrow::ArrayVector columns;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const arrow::Field& field = *schema.field(i);
    // By place: a query's columns may have one name twice.
    const auto& column = rows.column(i);
    if (!column->type()->Equals(*field.type())) {
      return InvalidArgument("write to ", options_->what, ": column ", field.name(), " is ", column->type()->ToString(),
                             ", the sink expects ", field.type()->ToString());
    }
    if (!field.nullable() && column->null_count() > 0) {
      return InvalidArgument("write to ", options_->what, ": column ", field.name(), " is NOT NULL, but ", column->null_count(), " of ",
                             rows.num_rows(), " rows have no value");
    }
    columns.push_back(column);
  }
  auto batch = arrow::RecordBatch::Make(options_->schema, rows.num_rows(), std::move(columns));
  // What a slice refers to, not the whole of its buffers. A row without columns has text all the same.
  arrow::Result<int64_t> referenced = arrow::util::ReferencedBufferSize(*batch);
  const int64_t held = referenced.ok() ? *referenced : arrow::util::TotalBufferSize(*batch);
  const auto bytes = static_cast<uint64_t>(std::max(held, rows.num_rows()));
  unsealed_bytes_ += bytes;
  buffer_.Add(bytes);
  batches_.push_back(std::move(batch));
  if (buffer_.bytes() >= options_->buffer_bytes) CloseBuffer();
  return absl::OkStatus();
}

void RowFilesSink::CloseBuffer() {
  if (files_ == nullptr) files_ = std::make_shared<Files>(*this);
  Rows rows{.batches = std::exchange(batches_, {}),
            .memory = MemoryHold(options_->memory, MemoryKind::kSnapshots, buffer_.bytes()),
            .epoch = sealed_,
            .part = ++num_parts_};
  buffer_.Resize(0);
  parts_.push_back(std::make_unique<Part>(files_, std::move(rows)));
}

std::unique_ptr<StagedPart> RowFilesSink::TakePart(bool all) {
  if (parts_.empty() && all && !batches_.empty()) CloseBuffer();
  if (parts_.empty()) return nullptr;
  std::unique_ptr<Part> part = std::move(parts_.front());
  parts_.pop_front();
  return part;
}

absl::StatusOr<std::unique_ptr<StagedEpoch>> RowFilesSink::Seal(Epoch epoch) {
  sealed_ = epoch;
  if (batches_.empty() && files_ == nullptr) return nullptr;
  auto files = std::exchange(files_, nullptr);
  if (files == nullptr) files = std::make_shared<Files>(*this);
  Rows rows{.batches = std::exchange(batches_, {}),
            .memory = MemoryHold(options_->memory, MemoryKind::kSnapshots, buffer_.bytes()),
            .epoch = epoch};
  buffer_.Resize(0);
  unsealed_bytes_ = 0;
  return std::make_unique<SealedEpoch>(std::move(files), std::exchange(parts_, {}), std::move(rows));
}

}  // namespace millrace
