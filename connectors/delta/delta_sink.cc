#include "connectors/delta/delta_sink.h"

#include <arrow/api.h>
#include <arrow/util/byte_size.h>
#include <xxhash.h>

#include <utility>

#include "absl/strings/str_format.h"
#include "base/checksum_field.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"
#include "base/planted_bug.h"
#include "connectors/delta/delta_data_file.h"
#include "connectors/delta/delta_stats.h"
#include "millrace/storage/v1/delta_committable.pb.h"

namespace millrace {
namespace {

constexpr uint32_t kCommittableVersion = 1;
constexpr int kPutAttempts = 3;

// Unknown outcomes are settled by looking: the name is unique to its content.
absl::Status PutDataFile(BlobStore& store, const std::string& path, const std::string& bytes) {
  absl::Status last;
  for (int attempt = 0; attempt < kPutAttempts; ++attempt) {
    absl::StatusOr<PutResult> put = failpoint::Around("delta.stage", [&] { return store.PutIfAbsent(path, bytes); });
    if (put.ok() && *put == PutResult::kCreated) return absl::OkStatus();
    if (!put.ok() && !absl::IsUnavailable(put.status())) return put.status();
    if (MILLRACE_PLANTED(failed_upload_taken_for_done)) return absl::OkStatus();
    if (!put.ok()) last = put.status();
    absl::StatusOr<int64_t> size = store.Size(path);
    if (size.ok() && *size == static_cast<int64_t>(bytes.size())) return absl::OkStatus();
    if (size.ok())
      return Internal("stage ", path, ": a file of that name has ", *size, " bytes, ours has ", bytes.size());
    if (!absl::IsNotFound(size.status())) last = size.status();
  }
  return last.ok() ? Unavailable("stage ", path, ": it comes and goes") : last;
}

}  // namespace

// What the IoPool has made of one epoch's rows so far: one call at a time.
struct DeltaSink::Files {
  explicit Files(const DeltaSink& sink) : options(sink.options_), store(sink.store_), clock(sink.clock_) {
    committable.set_format_version(kCommittableVersion);
  }
  const std::shared_ptr<const DeltaSinkOptions> options;
  const std::shared_ptr<BlobStore> store;
  const Clock* const clock;
  storage::v1::DeltaCommittable committable;
};

// Rows that become data files together.
struct DeltaSink::Rows {
  absl::Status Stage(Files* files);
  // Unique by who writes it and when, and by what is in it; nothing random, so that a simulated run can be repeated.
  std::string PathOf(const DeltaSinkOptions& options, int number, const std::string& bytes) const;

  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  MemoryHold memory;
  // That seals them; of a part, which cannot know it, the one sealed before.
  Epoch epoch;
  // Numbers a sink's parts, from 1; 0: sealed with the epoch.
  uint64_t part = 0;
};

absl::Status DeltaSink::Rows::Stage(Files* files) {
  const DeltaSinkOptions& options = *files->options;
  ASSIGN_OR_RETURN(PartitionedRows parts, SplitByPartition(batches, *options.schema, options.partition_by));
  batches.clear();
  int number = 0;
  for (auto& [values, rows] : parts) {
    ASSIGN_OR_RETURN(std::string bytes, EncodeDataFile(*rows));
    storage::v1::DeltaDataFile& file = *files->committable.add_files();
    file.set_path(PathOf(options, number++, bytes));
    file.set_size_bytes(static_cast<int64_t>(bytes.size()));
    file.set_modification_time_ms(absl::ToUnixMillis(files->clock->Now()));
    file.set_num_rows(rows->num_rows());
    file.set_checksum(Xxh128Hex(bytes));
    file.set_stats(DeltaStats(*rows));
    for (size_t i = 0; i < values.size(); ++i) {
      auto& value = *file.add_partition_values();
      value.set_column(options.partition_by[i]);
      if (values[i].has_value()) value.set_value(*values[i]);
    }
    rows.reset();
    RETURN_IF_ERROR(PutDataFile(*files->store, file.path(), bytes));
  }
  memory.Resize(0);
  return absl::OkStatus();
}

std::string DeltaSink::Rows::PathOf(const DeltaSinkOptions& options, int number, const std::string& bytes) const {
  const CommitIdentity& identity = options.identity;
  XXH128_hash_t content = XXH3_128bits(bytes.data(), bytes.size());
  std::string who = Cat(identity.pipeline, "/", identity.sink_uid, "/", identity.lineage, "/", options.generation.value(),
                        "/", epoch.value(), "/", options.subtask_index, "/");
  // Parts may be alike in all else.
  if (part > 0) who += Cat("part ", part, "/");
  who += Cat(number, "/", content.high64, "/", content.low64);
  XXH128_hash_t hash = XXH3_128bits(who.data(), who.size());
  return absl::StrFormat("part-%05d-%012d-%016x%016x.c000.zstd.parquet", options.subtask_index, epoch.value(),
                         hash.high64, hash.low64);
}

class DeltaSink::Part final : public StagedPart {
 public:
  Part(std::shared_ptr<Files> files, Rows rows) : files_(std::move(files)), rows_(std::move(rows)) {}
  absl::Status Persist() override { return rows_.Stage(files_.get()); }

 private:
  const std::shared_ptr<Files> files_;
  Rows rows_;
};

class DeltaSink::SealedEpoch final : public StagedEpoch {
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

DeltaSink::DeltaSink(DeltaSinkOptions options, std::shared_ptr<BlobStore> store, const Clock* clock)
    : options_(std::make_shared<const DeltaSinkOptions>(std::move(options))),
      store_(std::move(store)),
      clock_(clock),
      buffer_(options_->memory, MemoryKind::kBuffers) {}

DeltaSink::~DeltaSink() = default;

absl::Status DeltaSink::Write(const arrow::RecordBatch& rows) {
  if (rows.num_rows() == 0) return absl::OkStatus();
  const arrow::Schema& schema = *options_->schema;
  arrow::ArrayVector columns;
  columns.reserve(static_cast<size_t>(schema.num_fields()));
  for (const auto& field : schema.fields()) {
    std::shared_ptr<arrow::Array> column = rows.GetColumnByName(field->name());
    if (column == nullptr) return InvalidArgument("write to Delta: the rows lack column ", field->name());
    if (!column->type()->Equals(*field->type())) {
      return InvalidArgument("write to Delta: column ", field->name(), " is ", column->type()->ToString(),
                             ", the sink expects ", field->type()->ToString());
    }
    if (!field->nullable() && column->null_count() > 0) {
      return InvalidArgument("write to Delta: column ", field->name(), " is NOT NULL, but ", column->null_count(),
                             " of ", rows.num_rows(), " rows have no value");
    }
    columns.push_back(std::move(column));
  }
  auto batch = arrow::RecordBatch::Make(options_->schema, rows.num_rows(), std::move(columns));
  // What a slice refers to, not the whole of its buffers.
  arrow::Result<int64_t> referenced = arrow::util::ReferencedBufferSize(*batch);
  auto bytes = static_cast<uint64_t>(referenced.ok() ? *referenced : arrow::util::TotalBufferSize(*batch));
  unsealed_bytes_ += bytes;
  buffer_.Add(bytes);
  batches_.push_back(std::move(batch));
  if (buffer_.bytes() >= options_->buffer_bytes) CloseBuffer();
  return absl::OkStatus();
}

void DeltaSink::CloseBuffer() {
  if (files_ == nullptr) files_ = std::make_shared<Files>(*this);
  Rows rows{.batches = std::exchange(batches_, {}),
            .memory = MemoryHold(options_->memory, MemoryKind::kSnapshots, buffer_.bytes()),
            .epoch = sealed_,
            .part = ++num_parts_};
  buffer_.Resize(0);
  parts_.push_back(std::make_unique<Part>(files_, std::move(rows)));
}

std::unique_ptr<StagedPart> DeltaSink::TakePart(bool all) {
  if (parts_.empty() && all && !batches_.empty()) CloseBuffer();
  if (parts_.empty()) return nullptr;
  std::unique_ptr<Part> part = std::move(parts_.front());
  parts_.pop_front();
  return part;
}

absl::StatusOr<std::unique_ptr<StagedEpoch>> DeltaSink::Seal(Epoch epoch) {
  sealed_ = epoch;
  if (batches_.empty() && files_ == nullptr) return nullptr;
  auto files = std::exchange(files_, nullptr);
  if (files == nullptr) files = std::make_shared<Files>(*this);
  Rows rows{.batches = MILLRACE_PLANTED(sealed_rows_kept) ? batches_ : std::exchange(batches_, {}),
            .memory = MemoryHold(options_->memory, MemoryKind::kSnapshots, buffer_.bytes()),
            .epoch = epoch};
  buffer_.Resize(0);
  unsealed_bytes_ = 0;
  return std::make_unique<SealedEpoch>(std::move(files), std::exchange(parts_, {}), std::move(rows));
}

}  // namespace millrace
