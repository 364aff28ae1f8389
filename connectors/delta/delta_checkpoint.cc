#include "connectors/delta/delta_checkpoint.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

#include <functional>

#include "base/arrow_status.h"
#include "base/check.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {
namespace {

std::shared_ptr<arrow::Field> Text(const char* name) { return arrow::field(name, arrow::utf8()); }
std::shared_ptr<arrow::Field> Long(const char* name) { return arrow::field(name, arrow::int64()); }
std::shared_ptr<arrow::Field> Int(const char* name) { return arrow::field(name, arrow::int32()); }
std::shared_ptr<arrow::Field> Bool(const char* name) { return arrow::field(name, arrow::boolean()); }
std::shared_ptr<arrow::Field> TextMap(const char* name) {
  return arrow::field(name, arrow::map(arrow::utf8(), arrow::utf8()));
}
std::shared_ptr<arrow::Field> Texts(const char* name) {
  return arrow::field(name, arrow::list(arrow::field("element", arrow::utf8())));
}

std::shared_ptr<arrow::Schema> CheckpointSchema() {
  return arrow::schema({
      arrow::field("txn", arrow::struct_({Text("appId"), Long("version"), Long("lastUpdated")})),
      arrow::field("add",
                   arrow::struct_({Text("path"), TextMap("partitionValues"), Long("size"), Long("modificationTime"),
                                   Bool("dataChange"), Text("stats"), TextMap("tags")})),
      arrow::field("remove", arrow::struct_({Text("path"), Long("deletionTimestamp"), Bool("dataChange"),
                                             Bool("extendedFileMetadata"), TextMap("partitionValues"), Long("size")})),
      arrow::field("metaData",
                   arrow::struct_({Text("id"), Text("name"), Text("description"),
                                   arrow::field("format", arrow::struct_({Text("provider"), TextMap("options")})),
                                   Text("schemaString"), Texts("partitionColumns"), TextMap("configuration"),
                                   Long("createdTime")})),
      arrow::field("protocol", arrow::struct_({Int("minReaderVersion"), Int("minWriterVersion"),
                                               Texts("readerFeatures"), Texts("writerFeatures")})),
  });
}

// Appends the fields of one struct in order. Failures of Arrow's builders here are lack of memory; the first is kept.
class RowAppender {
 public:
  explicit RowAppender(arrow::StructBuilder* row) : row_(row) { Keep(row_->Append()); }

  RowAppender& Add(std::string_view text) {
    Keep(Next<arrow::StringBuilder>()->Append(text));
    return *this;
  }
  RowAppender& Add(const std::optional<std::string>& text) {
    auto* builder = Next<arrow::StringBuilder>();
    Keep(text.has_value() ? builder->Append(*text) : builder->AppendNull());
    return *this;
  }
  RowAppender& Add(const std::optional<int64_t>& value) {
    auto* builder = Next<arrow::Int64Builder>();
    Keep(value.has_value() ? builder->Append(*value) : builder->AppendNull());
    return *this;
  }
  RowAppender& AddLong(int64_t value) {
    Keep(Next<arrow::Int64Builder>()->Append(value));
    return *this;
  }
  RowAppender& AddInt(int32_t value) {
    Keep(Next<arrow::Int32Builder>()->Append(value));
    return *this;
  }
  RowAppender& AddBool(bool value) {
    Keep(Next<arrow::BooleanBuilder>()->Append(value));
    return *this;
  }
  RowAppender& AddNull() {
    Keep(row_->field_builder(index_++)->AppendNull());
    return *this;
  }
  template <typename Map>
  RowAppender& AddMap(const Map& values) {
    auto* map = Next<arrow::MapBuilder>();
    Keep(map->Append());
    for (const auto& [key, value] : values) {
      Keep(static_cast<arrow::StringBuilder*>(map->key_builder())->Append(key));
      auto* items = static_cast<arrow::StringBuilder*>(map->item_builder());
      std::optional<std::string> item = value;
      Keep(item.has_value() ? items->Append(*item) : items->AppendNull());
    }
    return *this;
  }
  RowAppender& AddTexts(const std::optional<std::vector<std::string>>& texts) {
    auto* list = Next<arrow::ListBuilder>();
    Keep(texts.has_value() ? list->Append() : list->AppendNull());
    if (!texts.has_value()) return *this;
    for (const std::string& text : *texts)
      Keep(static_cast<arrow::StringBuilder*>(list->value_builder())->Append(text));
    return *this;
  }
  arrow::StructBuilder* NextStruct() { return Next<arrow::StructBuilder>(); }
  const arrow::Status& status() const { return status_; }

 private:
  template <typename Builder>
  Builder* Next() {
    return static_cast<Builder*>(row_->field_builder(index_++));
  }
  void Keep(const arrow::Status& status) {
    if (status_.ok() && !status.ok()) status_ = status;
  }

  arrow::StructBuilder* const row_;
  int index_ = 0;
  arrow::Status status_;
};

// Reads the fields of one struct array by name. A column that is absent reads as null.
class RowReader {
 public:
  RowReader(const arrow::StructArray* rows, int64_t row) : rows_(rows), row_(row) {}

  std::optional<std::string> Text(const char* name) const { return TextAt(Column(name).get(), row_); }
  std::optional<int64_t> Long(const char* name) const {
    auto column = Column(name);
    if (column == nullptr || column->IsNull(row_)) return std::nullopt;
    if (column->type_id() == arrow::Type::INT64) return static_cast<const arrow::Int64Array&>(*column).Value(row_);
    if (column->type_id() == arrow::Type::INT32) return static_cast<const arrow::Int32Array&>(*column).Value(row_);
    return std::nullopt;
  }
  bool Bool(const char* name, bool absent) const {
    auto column = Column(name);
    if (column == nullptr || column->IsNull(row_) || column->type_id() != arrow::Type::BOOL) return absent;
    return static_cast<const arrow::BooleanArray&>(*column).Value(row_);
  }
  PartitionValues TextMap(const char* name) const {
    PartitionValues out;
    auto column = Column(name);
    if (column == nullptr || column->IsNull(row_) || column->type_id() != arrow::Type::MAP) return out;
    const auto& map = static_cast<const arrow::MapArray&>(*column);
    for (int64_t i = map.value_offset(row_); i < map.value_offset(row_ + 1); ++i) {
      out.emplace(TextAt(map.keys().get(), i).value_or(""), TextAt(map.items().get(), i));
    }
    return out;
  }
  std::optional<std::vector<std::string>> Texts(const char* name) const {
    auto column = Column(name);
    if (column == nullptr || column->IsNull(row_) || column->type_id() != arrow::Type::LIST) return std::nullopt;
    const auto& list = static_cast<const arrow::ListArray&>(*column);
    std::vector<std::string> out;
    for (int64_t i = list.value_offset(row_); i < list.value_offset(row_ + 1); ++i) {
      out.push_back(TextAt(list.values().get(), i).value_or(""));
    }
    return out;
  }
  bool Has(const char* name) const {
    auto column = Column(name);
    return column != nullptr && column->IsValid(row_);
  }

 private:
  // GetFieldByName accounts for the slice, not for nulls of the struct: callers visit valid rows only.
  std::shared_ptr<arrow::Array> Column(const char* name) const { return rows_->GetFieldByName(name); }
  // Other writers store text in any of Arrow's string types.
  static std::optional<std::string> TextAt(const arrow::Array* column, int64_t row) {
    if (column == nullptr || column->IsNull(row)) return std::nullopt;
    switch (column->type_id()) {
      case arrow::Type::STRING:
        return std::string(static_cast<const arrow::StringArray*>(column)->GetView(row));
      case arrow::Type::LARGE_STRING:
        return std::string(static_cast<const arrow::LargeStringArray*>(column)->GetView(row));
      case arrow::Type::STRING_VIEW:
        return std::string(static_cast<const arrow::StringViewArray*>(column)->GetView(row));
      default:
        return std::nullopt;
    }
  }

  const arrow::StructArray* const rows_;
  const int64_t row_;
};

absl::Status ForEachRow(const arrow::Table& table, const char* action,
                        const std::function<void(const RowReader&)>& visit) {
  auto column = table.GetColumnByName(action);
  if (column == nullptr) return absl::OkStatus();
  for (const auto& chunk : column->chunks()) {
    if (chunk->type_id() != arrow::Type::STRUCT)
      return DataLoss("read checkpoint: column ", action, " is not a struct");
    const auto& rows = static_cast<const arrow::StructArray&>(*chunk);
    for (int64_t row = 0; row < rows.length(); ++row) {
      if (rows.IsValid(row)) visit(RowReader(&rows, row));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<arrow::Table>> ReadParquet(std::string_view bytes) {
  auto input = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::string(bytes)));
  parquet::arrow::FileReaderBuilder builder;
  RETURN_IF_ERROR(FromArrow(builder.Open(std::move(input))));
  std::unique_ptr<parquet::arrow::FileReader> reader;
  RETURN_IF_ERROR(FromArrow(builder.Build(&reader)));
  reader->set_use_threads(false);
  // In batches: memory is taken for the rows that a batch may have, not for those that the file says it has.
  absl::StatusOr<std::unique_ptr<arrow::RecordBatchReader>> batches = FromArrow(reader->GetRecordBatchReader());
  if (!batches.ok()) return batches.status();
  absl::StatusOr<std::shared_ptr<arrow::Table>> table = FromArrow((*batches)->ToTable());
  const int64_t wanted = reader->parquet_reader()->metadata()->num_rows();
  if (table.ok() && (*table)->num_rows() != wanted) return DataLoss("it has ", (*table)->num_rows(), " rows of ", wanted);
  return table;
}

}  // namespace

absl::StatusOr<EncodedCheckpoint> EncodeDeltaCheckpoint(const DeltaSnapshot& snapshot, int64_t expired_before_ms) {
  auto schema = CheckpointSchema();
  std::vector<const DeltaRemove*> removes;
  for (const auto& [path, remove] : snapshot.tombstones) {
    if (remove.deletion_timestamp_ms.value_or(0) >= expired_before_ms) removes.push_back(&remove);
  }
  auto num = [](const auto& container) { return static_cast<int64_t>(container.size()); };
  // Every action is one row: a column is null but for its own run of rows.
  const int64_t counts[] = {num(snapshot.txns), num(snapshot.files), num(removes), 1, 1};
  int64_t total = 0;
  for (int64_t count : counts) total += count;

  arrow::ArrayVector columns;
  int64_t before = 0;
  for (int i = 0; i < schema->num_fields(); ++i) {
    ASSIGN_OR_RETURN(auto builder, FromArrow(arrow::MakeBuilder(schema->field(i)->type())));
    auto* rows = static_cast<arrow::StructBuilder*>(builder.get());
    RETURN_IF_ERROR(FromArrow(rows->AppendNulls(before)));
    absl::Status failure;
    auto finish = [&failure](const RowAppender& row) {
      if (failure.ok()) failure = FromArrow(row.status());
    };
    const std::string& action = schema->field(i)->name();
    if (action == "txn") {
      for (const auto& [app_id, txn] : snapshot.txns) {
        finish(RowAppender(rows).Add(std::string_view(app_id)).AddLong(txn.version).Add(txn.last_updated_ms));
      }
    } else if (action == "add") {
      for (const auto& [path, add] : snapshot.files) {
        // A checkpoint describes what is there: none of it is a change.
        finish(RowAppender(rows)
                   .Add(std::string_view(path))
                   .AddMap(add.partition_values)
                   .AddLong(add.size)
                   .AddLong(add.modification_time_ms)
                   .AddBool(false)
                   .Add(add.stats)
                   .AddNull());
      }
    } else if (action == "remove") {
      for (const DeltaRemove* remove : removes) {
        finish(RowAppender(rows)
                   .Add(std::string_view(remove->path))
                   .Add(remove->deletion_timestamp_ms)
                   .AddBool(false)
                   .AddBool(remove->extended_file_metadata)
                   .AddMap(remove->partition_values)
                   .Add(remove->size));
      }
    } else if (action == "metaData") {
      const DeltaMetadata& metadata = snapshot.metadata;
      RowAppender row(rows);
      row.Add(std::string_view(metadata.id)).Add(metadata.name).Add(metadata.description);
      finish(
          RowAppender(row.NextStruct()).Add(std::string_view("parquet")).AddMap(std::map<std::string, std::string>()));
      finish(row.Add(std::string_view(metadata.schema_string))
                 .AddTexts(metadata.partition_columns)
                 .AddMap(metadata.configuration)
                 .Add(metadata.created_time_ms));
    } else {
      const DeltaProtocol& protocol = snapshot.protocol;
      finish(RowAppender(rows)
                 .AddInt(protocol.min_reader_version)
                 .AddInt(protocol.min_writer_version)
                 .AddTexts(protocol.reader_features)
                 .AddTexts(protocol.writer_features));
    }
    RETURN_IF_ERROR(failure);
    before += counts[i];
    RETURN_IF_ERROR(FromArrow(rows->AppendNulls(total - before)));
    ASSIGN_OR_RETURN(auto column, FromArrow(rows->Finish()));
    Check(column->length() == total, "a checkpoint's columns are equally long");
    columns.push_back(std::move(column));
  }
  ASSIGN_OR_RETURN(auto output, FromArrow(arrow::io::BufferOutputStream::Create()));
  auto properties = parquet::WriterProperties::Builder()
                        .compression(arrow::Compression::ZSTD)
                        ->data_page_version(parquet::ParquetDataPageVersion::V1)
                        ->build();
  RETURN_IF_ERROR(FromArrow(parquet::arrow::WriteTable(
      *arrow::Table::Make(schema, columns), arrow::default_memory_pool(), output, int64_t{1} << 20, properties)));
  ASSIGN_OR_RETURN(auto buffer, FromArrow(output->Finish()));
  return EncodedCheckpoint{buffer->ToString(), total};
}

absl::StatusOr<DeltaSnapshot> DecodeDeltaCheckpoint(std::string_view bytes, int64_t version) {
  absl::StatusOr<std::shared_ptr<arrow::Table>> table = ReadParquet(bytes);
  if (!table.ok()) return DataLoss("read checkpoint of version ", version, ": ", table.status().message());
  DeltaSnapshot snapshot;
  bool has_protocol = false;
  bool has_metadata = false;
  bool has_deletion_vector = false;
  RETURN_IF_ERROR(ForEachRow(**table, "protocol", [&](const RowReader& row) {
    has_protocol = true;
    snapshot.protocol = {static_cast<int>(row.Long("minReaderVersion").value_or(0)),
                         static_cast<int>(row.Long("minWriterVersion").value_or(0)), row.Texts("readerFeatures"),
                         row.Texts("writerFeatures")};
  }));
  RETURN_IF_ERROR(ForEachRow(**table, "metaData", [&](const RowReader& row) {
    has_metadata = true;
    snapshot.metadata = {row.Text("id").value_or(""),
                         row.Text("name"),
                         row.Text("description"),
                         row.Text("schemaString").value_or(""),
                         row.Texts("partitionColumns").value_or(std::vector<std::string>()),
                         {},
                         row.Long("createdTime")};
    for (auto& [key, value] : row.TextMap("configuration")) {
      snapshot.metadata.configuration.emplace(key, value.value_or(""));
    }
  }));
  RETURN_IF_ERROR(ForEachRow(**table, "txn", [&](const RowReader& row) {
    DeltaTxn txn{row.Text("appId").value_or(""), row.Long("version").value_or(0), row.Long("lastUpdated")};
    snapshot.txns.insert_or_assign(txn.app_id, txn);
  }));
  RETURN_IF_ERROR(ForEachRow(**table, "add", [&](const RowReader& row) {
    has_deletion_vector |= row.Has("deletionVector");
    DeltaAdd add{row.Text("path").value_or(""), row.TextMap("partitionValues"),
                 row.Long("size").value_or(0),  row.Long("modificationTime").value_or(0),
                 row.Bool("dataChange", false), row.Text("stats")};
    snapshot.files.insert_or_assign(add.path, std::move(add));
  }));
  RETURN_IF_ERROR(ForEachRow(**table, "remove", [&](const RowReader& row) {
    DeltaRemove remove{row.Text("path").value_or(""),  row.Long("deletionTimestamp"),
                       row.Bool("dataChange", false),  row.Bool("extendedFileMetadata", false),
                       row.TextMap("partitionValues"), row.Long("size")};
    snapshot.tombstones.insert_or_assign(remove.path, std::move(remove));
  }));
  if (!has_protocol || !has_metadata) {
    return DataLoss("read checkpoint of version ", version, ": it has no protocol or no metaData");
  }
  RETURN_IF_ERROR(CheckProtocol(snapshot.protocol));
  if (has_deletion_vector) return DataLoss("read checkpoint of version ", version, ": a file has a deletion vector");
  snapshot.version = version;
  snapshot.checkpoint_version = version;
  return snapshot;
}

}  // namespace millrace
