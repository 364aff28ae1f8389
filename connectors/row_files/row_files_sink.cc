#include "connectors/row_files/row_files_sink.h"

#include <arrow/api.h>

#include <algorithm>
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

}  // namespace

class RowFilesSink::Files final : public StagedFiles {
 public:
  explicit Files(const RowFilesSink& sink) : options_(sink.options_), store_(sink.store_) {
    committable_.set_format_version(kCommittableVersion);
    committable_.set_subtask_index(options_->subtask_index);
  }
  absl::Status Stage(BufferedRows& rows) override;
  std::string Committable() const override { return committable_.SerializeAsString(); }

 private:
  absl::Status Add(const std::string& directory, const std::string& who, int64_t num_rows, const std::string& text);
  // One file, of `batches`, which are among the rows.
  absl::Status StageFile(const BufferedRows& rows, const arrow::RecordBatchVector& batches, const std::string& directory,
                         int number);

  const std::shared_ptr<const RowFilesOptions> options_;
  const std::shared_ptr<BlobStore> store_;
  storage::v1::RowFilesCommittable committable_;
};

// `directory`: of the name under which it is published. `who`: who writes it and when.
absl::Status RowFilesSink::Files::Add(const std::string& directory, const std::string& who, int64_t num_rows,
                                      const std::string& text) {
  storage::v1::RowFile& file = *committable_.add_files();
  const std::string checksum = Xxh128Hex(text);
  const std::string& lineage = options_->identity.lineage;
  // Unique by who writes it and when, and by what is in it; nothing random, so that a simulated run can be repeated.
  const std::string name = Cat(who, "-", Xxh128Hex(Cat(who, "/", options_->generation.value(), "/", directory, "/", checksum)), ".json");
  file.set_staged_path(Cat(options_->home, "/staged/", name));
  if (options_->publish) file.set_path(Cat(directory, "part-", lineage.substr(0, 8), "-", name));
  file.set_size_bytes(static_cast<int64_t>(text.size()));
  file.set_num_rows(num_rows);
  file.set_checksum(checksum);
  return PutUniqueFile(*store_, file.staged_path(), text, [&] { return store_->PutIfAbsent(file.staged_path(), text); });
}

absl::Status RowFilesSink::Files::StageFile(const BufferedRows& rows, const arrow::RecordBatchVector& batches,
                                            const std::string& directory, int number) {
  if (batches.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(JsonRowWriter writer, JsonRowWriter::Make(*batches.front()->schema(), options_->json));
  std::string text;
  int64_t num_rows = 0;
  for (const auto& batch : batches) {
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      RETURN_IF_ERROR(writer.AppendRow(*batch, row, &text));
      text += '\n';
    }
    num_rows += batch->num_rows();
  }
  const std::string who =
      absl::StrFormat("%012d-%05d-%d-%d", rows.epoch.value(), options_->subtask_index, rows.part, number);
  return Add(directory, who, num_rows, text);
}

absl::Status RowFilesSink::Files::Stage(BufferedRows& rows) {
  const std::vector<std::string>& partition_by = options_->partition_by;
  if (partition_by.empty()) return StageFile(rows, rows.batches, "", 0);
  if (rows.batches.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(PartitionedRows parts, SplitByPartition(rows.batches, *options_->schema, partition_by));
  int number = 0;
  for (auto& [values, table] : parts) {
    ASSIGN_OR_RETURN(auto batches, FromArrow(arrow::TableBatchReader(*table).ToRecordBatches()));
    RETURN_IF_ERROR(StageFile(rows, batches, PartitionPath(partition_by, values), number++));
  }
  return absl::OkStatus();
}

RowFilesSink::RowFilesSink(RowFilesOptions options, std::shared_ptr<BlobStore> store)
    : BufferedSink(options.buffer_bytes, options.memory),
      options_(std::make_shared<const RowFilesOptions>(std::move(options))),
      store_(std::move(store)) {}

RowFilesSink::~RowFilesSink() = default;

std::shared_ptr<StagedFiles> RowFilesSink::MakeFiles() const { return std::make_shared<Files>(*this); }

absl::Status RowFilesSink::Write(const arrow::RecordBatch& rows) {
  if (rows.num_rows() == 0) return absl::OkStatus();
  const arrow::Schema& schema = *options_->schema;
  if (rows.num_columns() != schema.num_fields()) {
    return InvalidArgument("write to ", options_->what, ": the rows have ", rows.num_columns(),
                           " columns, the sink expects ", schema.num_fields());
  }
  // By place: a query's columns may have one name twice.
  for (int i = 0; i < schema.num_fields(); ++i) {
    RETURN_IF_ERROR(CheckColumn(options_->what, *rows.column(i), *schema.field(i)));
  }
  auto batch = arrow::RecordBatch::Make(options_->schema, rows.num_rows(), rows.columns());
  // A row without columns has text all the same.
  const uint64_t bytes = std::max(ReferencedBytes(*batch), static_cast<uint64_t>(rows.num_rows()));
  Buffer(std::move(batch), bytes);
  return absl::OkStatus();
}

}  // namespace millrace
