#include "worker/operators/row_json.h"

#include "absl/strings/escaping.h"
#include "absl/time/time.h"
#include "arrow/api.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/expression/format_value.h"
#include "base/expression/type_rules.h"
#include "base/value_text.h"

namespace millrace {
namespace {

void AppendValue(const arrow::Field& field, const arrow::Array& values, int64_t row, std::string& out) {
  if (values.IsNull(row)) {
    out += "null";
    return;
  }
  std::string sql = SqlTypeOf(*field.type(), true);
  if (field.HasMetadata()) sql = field.metadata()->Get("millrace.sql_type").ValueOr(sql);
  absl::StatusOr<DataType> type = ParseDataType(sql);
  if (!type.ok()) type = MakeType(field.type(), true, /*precision=*/6);
  if (field.type()->id() == arrow::Type::BINARY) {
    const std::string_view bytes = static_cast<const arrow::BinaryArray&>(values).GetView(row);
    AppendJsonString(absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size())), &out);
    return;
  }
  std::string text;
  MakeFormatter(*type, absl::UTCTimeZone())(values, row, text);
  switch (FamilyOf(*type)) {
    case TypeFamily::kBoolean:
      out += text == "TRUE" ? "true" : "false";
      break;
    case TypeFamily::kNumber:
      if (text.back() == 'y' || text.back() == 'N') {
        AppendJsonString(text, &out);
      } else {
        out += text;
      }
      break;
    default:
      AppendJsonString(text, &out);
  }
}

}  // namespace

std::string RowJson(const arrow::RecordBatch& rows, int64_t row) {
  std::string out = "{";
  for (int i = 0; i < rows.num_columns(); ++i) {
    const arrow::Field& field = *rows.schema()->field(i);
    if (i > 0) out += ", ";
    AppendJsonString(field.name(), &out);
    out += ": ";
    AppendValue(field, *rows.column(i), row, out);
  }
  return out + "}";
}

}  // namespace millrace
