#include "connectors/delta/delta_sink.h"

#include <arrow/api.h>
#include <xxhash.h>

#include <utility>

#include "absl/strings/str_format.h"
#include "base/checksum_field.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"
#include "connectors/delta/delta_data_file.h"
#include "connectors/delta/delta_stats.h"
#include "millrace/storage/v1/delta_committable.pb.h"

namespace millrace {
namespace {

constexpr uint32_t kCommittableVersion = 1;

}  // namespace

class DeltaSink::Files final : public StagedFiles {
 public:
  explicit Files(const DeltaSink& sink) : options_(sink.options_), store_(sink.store_), clock_(sink.clock_) {
    committable_.set_format_version(kCommittableVersion);
  }
  absl::Status Stage(BufferedRows& rows) override;
  std::string Committable() const override { return committable_.SerializeAsString(); }

 private:
  // Unique by who writes it and when, and by what is in it; nothing random, so that a simulated run can be repeated.
  std::string PathOf(const BufferedRows& rows, int number, const std::string& bytes) const;

  const std::shared_ptr<const DeltaSinkOptions> options_;
  const std::shared_ptr<BlobStore> store_;
  const Clock* const clock_;
  storage::v1::DeltaCommittable committable_;
};

absl::Status DeltaSink::Files::Stage(BufferedRows& buffered) {
  const DeltaSinkOptions& options = *options_;
  ASSIGN_OR_RETURN(PartitionedRows parts, SplitByPartition(buffered.batches, *options.schema, options.partition_by));
  buffered.batches.clear();
  int number = 0;
  for (auto& [values, rows] : parts) {
    ASSIGN_OR_RETURN(std::string bytes, EncodeDataFile(*rows));
    storage::v1::DeltaDataFile& file = *committable_.add_files();
    file.set_path(PathOf(buffered, number++, bytes));
    file.set_size_bytes(static_cast<int64_t>(bytes.size()));
    file.set_modification_time_ms(absl::ToUnixMillis(clock_->Now()));
    file.set_num_rows(rows->num_rows());
    file.set_checksum(Xxh128Hex(bytes));
    file.set_stats(DeltaStats(*rows));
    for (size_t i = 0; i < values.size(); ++i) {
      auto& value = *file.add_partition_values();
      value.set_column(options.partition_by[i]);
      if (values[i].has_value()) value.set_value(*values[i]);
    }
    rows.reset();
    RETURN_IF_ERROR(PutUniqueFile(*store_, file.path(), bytes, [&] {
      return failpoint::Around("delta.stage", [&] { return store_->PutIfAbsent(file.path(), bytes); });
    }));
  }
  return absl::OkStatus();
}

std::string DeltaSink::Files::PathOf(const BufferedRows& rows, int number, const std::string& bytes) const {
  const CommitIdentity& identity = options_->identity;
  XXH128_hash_t content = XXH3_128bits(bytes.data(), bytes.size());
  std::string who = Cat(identity.pipeline, "/", identity.sink_uid, "/", identity.lineage, "/", options_->generation.value(),
                        "/", rows.epoch.value(), "/", options_->subtask_index, "/");
  // Parts may be alike in all else.
  if (rows.part > 0) who += Cat("part ", rows.part, "/");
  who += Cat(number, "/", content.high64, "/", content.low64);
  XXH128_hash_t hash = XXH3_128bits(who.data(), who.size());
  return absl::StrFormat("part-%05d-%012d-%016x%016x.c000.zstd.parquet", options_->subtask_index, rows.epoch.value(),
                         hash.high64, hash.low64);
}

DeltaSink::DeltaSink(DeltaSinkOptions options, std::shared_ptr<BlobStore> store, const Clock* clock)
    : BufferedSink(options.buffer_bytes, options.memory),
      options_(std::make_shared<const DeltaSinkOptions>(std::move(options))),
      store_(std::move(store)),
      clock_(clock) {}

DeltaSink::~DeltaSink() = default;

std::shared_ptr<StagedFiles> DeltaSink::MakeFiles() const { return std::make_shared<Files>(*this); }

absl::Status DeltaSink::Write(const arrow::RecordBatch& rows) {
  if (rows.num_rows() == 0) return absl::OkStatus();
  const arrow::Schema& schema = *options_->schema;
  arrow::ArrayVector columns;
  columns.reserve(static_cast<size_t>(schema.num_fields()));
  for (const auto& field : schema.fields()) {
    std::shared_ptr<arrow::Array> column = rows.GetColumnByName(field->name());
    if (column == nullptr) return InvalidArgument("write to Delta: the rows lack column ", field->name());
    RETURN_IF_ERROR(CheckColumn("Delta", *column, *field));
    columns.push_back(std::move(column));
  }
  auto batch = arrow::RecordBatch::Make(options_->schema, rows.num_rows(), std::move(columns));
  const uint64_t bytes = ReferencedBytes(*batch);
  Buffer(std::move(batch), bytes);
  return absl::OkStatus();
}

}  // namespace millrace
