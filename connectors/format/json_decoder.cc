#include "connectors/format/json_decoder.h"

#include "arrow/array.h"
#include "arrow/builder.h"
#include "arrow/record_batch.h"
#include "arrow/type.h"
#include "arrow/util/key_value_metadata.h"
#include "base/arrow_status.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {
namespace {

constexpr const char* kTombstone = "the record has no value (a tombstone)";

// Digits of a second that the column's SQL type holds; without the SQL spelling, what Arrow's type holds.
int PrecisionOf(const arrow::Field& field) {
  if (field.metadata() != nullptr) {
    if (auto sql = field.metadata()->Get("millrace.sql_type"); sql.ok()) {
      if (auto type = ParseDataType(*sql); type.ok()) return type->precision;
    }
  }
  return field.type()->id() == arrow::Type::TIME32 ? 3 : 6;
}

std::vector<std::string> NamesOf(const arrow::Schema& schema) { return schema.field_names(); }

}  // namespace

JsonDecoder::JsonDecoder(std::shared_ptr<arrow::Schema> schema, const std::vector<std::string>& names)
    : schema_(std::move(schema)), matcher_(names) {}

JsonDecoder::~JsonDecoder() = default;

absl::StatusOr<std::unique_ptr<JsonDecoder>> JsonDecoder::Make(std::shared_ptr<arrow::Schema> schema, const Options& options) {
  std::unique_ptr<JsonDecoder> decoder(new JsonDecoder(schema, NamesOf(*schema)));
  for (const auto& field : schema->fields()) {
    ASSIGN_OR_RETURN(auto builder, FromArrow(arrow::MakeBuilder(field->type())));
    ASSIGN_OR_RETURN(auto column, JsonColumn::Make(*field, PrecisionOf(*field), options.timestamp_format, builder.get()));
    decoder->builders_.push_back(std::move(builder));
    decoder->columns_.push_back(std::move(column));
  }
  decoder->first_cells_.resize(decoder->columns_.size());
  if (options.record_filter) {
    ASSIGN_OR_RETURN(decoder->filter_, JsonRecordFilter::Make(*options.record_filter, *schema));
  }
  decoder->time_column_ = schema->GetFieldIndex(options.time_column);
  return decoder;
}

const char* JsonDecoder::FindValues() {
  values_.assign(columns_.size(), JsonColumn::kMissing);
  if (index_.Kind(0) != '{') {
    const char* error = nullptr;
    return index_.Skip(0, 0, &error) == 0 ? error : "it is not a JSON object";
  }
  uint32_t token = 1;
  if (index_.Kind(token) == '}') return index_.num_tokens() == 2 ? nullptr : "text follows behind the object";
  const char* error = nullptr;
  for (size_t place = 0;; ++place) {
    if (index_.Kind(token) != '"') return token < index_.num_tokens() ? "an object's key is not a string" : "it ends in the middle";
    if (index_.Kind(token + 1) != ':') return "a colon is missing behind a key";
    std::string_view key = index_.StringBody(token);
    if (index_.has_escapes() && !UnescapeJson(key, nullptr)) return "a string holds a malformed escape";
    int column = matcher_.Match(place, key, index_.has_escapes());
    if (column != JsonFieldMatcher::kUnused) values_[column] = token + 2;
    token = index_.Skip(token + 2, 1, &error);
    if (token == 0) return error;
    char kind = index_.Kind(token);
    if (kind == '}') break;
    if (kind != ',') return token < index_.num_tokens() ? "a comma or closing bracket is missing" : "it ends in the middle";
    ++token;
  }
  return token + 1 == index_.num_tokens() ? nullptr : "text follows behind the object";
}

absl::StatusOr<Decoded> JsonDecoder::Append(const RawRecord& record) {
  malformed_ = kTombstone;
  if (record.value == nullptr) return InvalidArgument(kTombstone);
  malformed_ = index_.Load(std::string_view(static_cast<const char*>(record.value), record.value_size));
  if (malformed_ == nullptr) malformed_ = FindValues();
  if (malformed_ != nullptr) return InvalidArgument(refusal());
  row_.Clear();
  for (size_t i = 0; i < columns_.size(); ++i) {
    first_cells_[i] = static_cast<uint32_t>(row_.cells.size());
    if (columns_[i]->Convert(index_, values_[i], &row_)) [[likely]]
      continue;
    auto status = InvalidArgument("column '", columns_[i]->name(), row_.path.empty() ? "" : ".", row_.path, "' (",
                                  columns_[i]->sql_type(), "): ", row_.error);
    row_.path.clear();
    refused_column_ = i;
    return status;
  }
  if (filter_ && !filter_->Keeps(row_.cells, first_cells_)) {
    const JsonCell* time = time_column_ < 0 ? nullptr : &row_.cells[first_cells_[static_cast<size_t>(time_column_)]];
    dropped_time_ = time == nullptr || time->is_null ? kNoWatermark : time->low;
    return Decoded::kDropped;
  }
  const JsonCell* cell = row_.cells.data();
  for (const auto& column : columns_) {
    if (absl::Status status = column->Append(cell); !status.ok()) [[unlikely]]
      return ResourceExhausted("append a row of column '", column->name(), "': ", status.message());
  }
  ++num_rows_;
  return Decoded::kRow;
}

std::string JsonDecoder::refusal() const {
  if (malformed_ == kTombstone) return kTombstone;
  if (malformed_ != nullptr) return Cat("not JSON: ", malformed_);
  const JsonColumn& column = *columns_[refused_column_];
  return Cat("column '", column.name(), "' (", column.sql_type(), "): a value ", row_.why);
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> JsonDecoder::Flush() {
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (const auto& builder : builders_) {
    ASSIGN_OR_RETURN(auto array, FromArrow(builder->Finish()));
    arrays.push_back(std::move(array));
  }
  auto batch = arrow::RecordBatch::Make(schema_, num_rows_, std::move(arrays));
  num_rows_ = 0;
  return batch;
}

}  // namespace millrace
