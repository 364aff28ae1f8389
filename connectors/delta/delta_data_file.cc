#include "connectors/delta/delta_data_file.h"

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <arrow/io/memory.h>
#include <parquet/arrow/writer.h>

#include <algorithm>

#include "base/arrow_status.h"
#include "base/error.h"
#include "base/macros.h"
#include "connectors/delta/delta_text.h"

namespace millrace {
namespace {

using Key = std::vector<std::optional<std::string>>;

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> TakeRows(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                             const std::vector<int64_t>& rows) {
  auto indices = std::make_shared<arrow::Int64Array>(static_cast<int64_t>(rows.size()), arrow::Buffer::Wrap(rows));
  ASSIGN_OR_RETURN(arrow::Datum taken, FromArrow(arrow::compute::Take(arrow::Datum(batch), arrow::Datum(indices),
                                                                      arrow::compute::TakeOptions::NoBoundsCheck())));
  return taken.record_batch();
}

}  // namespace

absl::StatusOr<PartitionedRows> SplitByPartition(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                                                 const arrow::Schema& schema,
                                                 const std::vector<std::string>& partition_by) {
  std::vector<int> partition_columns;
  for (const std::string& name : partition_by) partition_columns.push_back(schema.GetFieldIndex(name));
  std::vector<int> data_columns;
  arrow::FieldVector data_fields;
  for (int i = 0; i < schema.num_fields(); ++i) {
    if (std::find(partition_columns.begin(), partition_columns.end(), i) != partition_columns.end()) continue;
    data_columns.push_back(i);
    data_fields.push_back(schema.field(i)->WithMetadata(nullptr));
  }
  auto data_schema = arrow::schema(data_fields);

  std::map<Key, std::vector<std::shared_ptr<arrow::RecordBatch>>> parts;
  for (const auto& batch : batches) {
    arrow::ArrayVector columns;
    for (int i : data_columns) columns.push_back(batch->column(i));
    auto data = arrow::RecordBatch::Make(data_schema, batch->num_rows(), std::move(columns));
    if (partition_by.empty()) {
      parts[{}].push_back(std::move(data));
      continue;
    }
    std::map<Key, std::vector<int64_t>> rows_of;
    Key key(partition_by.size());
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      for (size_t i = 0; i < partition_columns.size(); ++i) {
        ASSIGN_OR_RETURN(key[i], DeltaPartitionText(*batch->column(partition_columns[i]), row));
        if (!key[i].has_value() && !schema.field(partition_columns[i])->nullable()) {
          return InvalidArgument("partition column ", partition_by[i],
                                 " is NOT NULL, but a value is empty, which Delta reads as NULL");
        }
      }
      rows_of[key].push_back(row);
    }
    for (const auto& [values, rows] : rows_of) {
      if (static_cast<int64_t>(rows.size()) == batch->num_rows()) {
        parts[values].push_back(data);
        continue;
      }
      ASSIGN_OR_RETURN(auto taken, TakeRows(data, rows));
      parts[values].push_back(std::move(taken));
    }
  }
  PartitionedRows out;
  for (auto& [values, part] : parts) {
    ASSIGN_OR_RETURN(auto table, FromArrow(arrow::Table::FromRecordBatches(data_schema, part)));
    out.emplace(values, std::move(table));
  }
  return out;
}

absl::StatusOr<std::string> EncodeDataFile(const arrow::Table& rows) {
  auto properties = parquet::WriterProperties::Builder()
                        .compression(arrow::Compression::ZSTD)
                        ->data_page_version(parquet::ParquetDataPageVersion::V1)
                        ->version(parquet::ParquetVersion::PARQUET_2_6)
                        ->enable_store_decimal_as_integer()
                        ->created_by("Millrace 0.1.0")
                        ->build();
  auto arrow_properties = parquet::ArrowWriterProperties::Builder()
                              .enable_compliant_nested_types()
                              ->coerce_timestamps(arrow::TimeUnit::MICRO)
                              ->build();
  ASSIGN_OR_RETURN(auto output, FromArrow(arrow::io::BufferOutputStream::Create()));
  RETURN_IF_ERROR(FromArrow(parquet::arrow::WriteTable(rows, arrow::default_memory_pool(), output, int64_t{1} << 20,
                                                       properties, arrow_properties)));
  ASSIGN_OR_RETURN(auto buffer, FromArrow(output->Finish()));
  return buffer->ToString();
}

}  // namespace millrace
