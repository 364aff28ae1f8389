#include "connectors/delta/delta_sink.h"

#include <arrow/api.h>
#include <arrow/util/byte_size.h>
#include <xxhash.h>

#include <utility>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"
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
    if (!put.ok()) last = put.status();
    absl::StatusOr<int64_t> size = store.Size(path);
    if (size.ok() && *size == static_cast<int64_t>(bytes.size())) return absl::OkStatus();
    if (size.ok())
      return Internal("stage ", path, ": a file of that name has ", *size, " bytes, ours has ", bytes.size());
    if (!absl::IsNotFound(size.status())) last = size.status();
  }
  return last.ok() ? Unavailable("stage ", path, ": it comes and goes") : last;
}

class StagedDeltaEpoch final : public StagedEpoch {
 public:
  StagedDeltaEpoch(std::shared_ptr<const DeltaSinkOptions> options, std::shared_ptr<BlobStore> store,
                   const Clock* clock, std::vector<std::shared_ptr<arrow::RecordBatch>> batches, Epoch epoch)
      : options_(std::move(options)),
        store_(std::move(store)),
        clock_(clock),
        batches_(std::move(batches)),
        epoch_(epoch) {}

  absl::StatusOr<std::string> Persist() override {
    ASSIGN_OR_RETURN(PartitionedRows parts, SplitByPartition(batches_, *options_->schema, options_->partition_by));
    batches_.clear();
    storage::v1::DeltaCommittable committable;
    committable.set_format_version(kCommittableVersion);
    int number = 0;
    for (auto& [values, rows] : parts) {
      ASSIGN_OR_RETURN(std::string bytes, EncodeDataFile(*rows));
      storage::v1::DeltaDataFile& file = *committable.add_files();
      file.set_path(PathOf(number++, bytes));
      file.set_size_bytes(static_cast<int64_t>(bytes.size()));
      file.set_modification_time_ms(absl::ToUnixMillis(clock_->Now()));
      file.set_num_rows(rows->num_rows());
      file.set_stats(DeltaStats(*rows));
      for (size_t i = 0; i < values.size(); ++i) {
        auto& value = *file.add_partition_values();
        value.set_column(options_->partition_by[i]);
        if (values[i].has_value()) value.set_value(*values[i]);
      }
      rows.reset();
      RETURN_IF_ERROR(PutDataFile(*store_, file.path(), bytes));
    }
    return committable.SerializeAsString();
  }

 private:
  // Unique by who writes it and when, and by what is in it; nothing random, so that a simulated run can be repeated.
  std::string PathOf(int number, const std::string& bytes) const {
    const CommitIdentity& identity = options_->identity;
    XXH128_hash_t content = XXH3_128bits(bytes.data(), bytes.size());
    std::string who =
        Cat(identity.pipeline, "/", identity.sink_uid, "/", identity.lineage, "/", options_->generation.value(), "/",
            epoch_.value(), "/", options_->subtask_index, "/", number, "/", content.high64, "/", content.low64);
    XXH128_hash_t hash = XXH3_128bits(who.data(), who.size());
    return absl::StrFormat("part-%05d-%012d-%016x%016x.c000.zstd.parquet", options_->subtask_index, epoch_.value(),
                           hash.high64, hash.low64);
  }

  const std::shared_ptr<const DeltaSinkOptions> options_;
  const std::shared_ptr<BlobStore> store_;
  const Clock* const clock_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
  const Epoch epoch_;
};

}  // namespace

DeltaSink::DeltaSink(DeltaSinkOptions options, std::shared_ptr<BlobStore> store, const Clock* clock)
    : options_(std::make_shared<const DeltaSinkOptions>(std::move(options))), store_(std::move(store)), clock_(clock) {}

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
  buffered_bytes_ += static_cast<uint64_t>(referenced.ok() ? *referenced : arrow::util::TotalBufferSize(*batch));
  batches_.push_back(std::move(batch));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<StagedEpoch>> DeltaSink::Seal(Epoch epoch) {
  if (batches_.empty()) return nullptr;
  buffered_bytes_ = 0;
  return std::make_unique<StagedDeltaEpoch>(options_, store_, clock_, std::exchange(batches_, {}), epoch);
}

}  // namespace millrace
