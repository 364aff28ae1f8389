#include "worker/operators/row_json.h"

#include <cmath>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "arrow/api.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/expression/format_value.h"
#include "base/expression/type_rules.h"

namespace millrace {
namespace {

void AppendQuoted(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&out, "\\u%04x", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

void AppendValue(const arrow::Field& field, const arrow::Array& values, int64_t row, std::string& out) {
  if (values.IsNull(row)) {
    out += "null";
    return;
  }
  std::string sql = SqlTypeOf(*field.type(), true);
  if (field.HasMetadata()) sql = field.metadata()->Get("millrace.sql_type").ValueOr(sql);
  absl::StatusOr<DataType> type = ParseDataType(sql);
  if (!type.ok()) type = MakeType(field.type(), true, /*precision=*/6);
  std::string text;
  if (field.type()->id() == arrow::Type::BINARY) {
    for (unsigned char byte : static_cast<const arrow::BinaryArray&>(values).GetView(row)) {
      absl::StrAppendFormat(&text, "%02x", byte);
    }
    AppendQuoted(text, out);
    return;
  }
  MakeFormatter(*type, absl::UTCTimeZone())(values, row, text);
  switch (FamilyOf(*type)) {
    case TypeFamily::kBoolean:
      out += text == "TRUE" ? "true" : "false";
      break;
    case TypeFamily::kNumber:
      if (text.back() == 'y' || text.back() == 'N') {
        AppendQuoted(text, out);
      } else {
        out += text;
      }
      break;
    default:
      AppendQuoted(text, out);
  }
}

}  // namespace

std::string RowJson(const arrow::RecordBatch& rows, int64_t row) {
  std::string out = "{";
  for (int i = 0; i < rows.num_columns(); ++i) {
    const arrow::Field& field = *rows.schema()->field(i);
    if (i > 0) out += ", ";
    AppendQuoted(field.name(), out);
    out += ": ";
    AppendValue(field, *rows.column(i), row, out);
  }
  return out + "}";
}

}  // namespace millrace
