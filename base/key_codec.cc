#include "base/key_codec.h"

#include "base/error.h"

namespace millrace::key_bytes {
namespace {

absl::Status CheckType(const arrow::DataType& type, std::string_view column) {
  auto refuse = [&](std::string_view advice) {
    return InvalidArgument("use column ", column, " as a key: its type is ", type.ToString(), ". ", advice);
  };
  switch (type.id()) {
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::DATE32:
    case arrow::Type::DECIMAL128:
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return absl::OkStatus();
    case arrow::Type::TIME32:
      if (static_cast<const arrow::Time32Type&>(type).unit() == arrow::TimeUnit::MILLI) return absl::OkStatus();
      return refuse("Times are kept in milliseconds");
    case arrow::Type::TIMESTAMP:
      if (static_cast<const arrow::TimestampType&>(type).unit() == arrow::TimeUnit::MICRO) return absl::OkStatus();
      return refuse("Timestamps are kept in microseconds");
    case arrow::Type::LIST:
    case arrow::Type::STRUCT:
      for (const auto& field : type.fields()) RETURN_IF_ERROR(CheckType(*field->type(), column));
      return absl::OkStatus();
    case arrow::Type::MAP:
      return refuse("Maps have no order; use fields of them");
    default:
      return refuse("Cast it to a type that a key may have, such as STRING or BIGINT");
  }
}

}  // namespace

absl::Status Malformed(std::string_view what) {
  return DataLoss("decode key bytes: ", what, ". The key was written for other columns or is damaged");
}

absl::StatusOr<std::vector<std::shared_ptr<arrow::DataType>>> KeyTypes(const arrow::Schema& schema,
                                                                       std::span<const int> columns) {
  std::vector<std::shared_ptr<arrow::DataType>> types;
  for (int column : columns) {
    if (column < 0 || column >= schema.num_fields()) {
      return InvalidArgument("use column number ", column, " as a key: the schema has ", schema.num_fields());
    }
    RETURN_IF_ERROR(CheckType(*schema.field(column)->type(), schema.field(column)->name()));
    types.push_back(schema.field(column)->type());
  }
  return types;
}

size_t SizeOf(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return 1;
  return WithCodec<size_t>(array.type_id(), [&]<typename Codec>() {
    return 1 + Codec::Size(static_cast<const typename Codec::Array&>(array), row);
  });
}

char* Write(const arrow::Array& array, int64_t row, char* out) {
  if (array.IsNull(row)) {
    *out = kNull;
    return out + 1;
  }
  *out++ = kPresent;
  return WithCodec<char*>(array.type_id(), [&]<typename Codec>() {
    return Codec::Write(static_cast<const typename Codec::Array&>(array), row, out);
  });
}

absl::Status Decode(std::string_view& in, arrow::ArrayBuilder& out) {
  if (in.empty()) return Malformed("columns are missing");
  char mark = in[0];
  in.remove_prefix(1);
  if (mark == kNull) return FromArrow(out.AppendNull());
  if (mark != kPresent) return Malformed("a column has an unknown mark");
  return WithCodec<absl::Status>(out.type()->id(), [&]<typename Codec>() {
    return Codec::Decode(in, static_cast<typename Codec::Builder&>(out));
  });
}

}  // namespace millrace::key_bytes
