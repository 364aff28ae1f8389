#include "tests/base/expression/reference/compare.h"

#include "arrow/api.h"
#include "base/error.h"
#include "tests/base/expression/reference/evaluator.h"

namespace millrace::reference {

std::optional<std::string> FindDifference(const v1::Expression& expression, const BatchPtr& batch, const DataType& type,
                                          const arrow::Array& values, const std::set<int64_t>& failed,
                                          Compared& compared) {
  const absl::StatusOr<TypedExpression> typed = TypedOf(expression, *batch->schema());
  if (!typed.ok()) return Cat("it has no type: ", typed.status().message());
  if (typed->type.sql != type.sql) return Cat("it is of type ", type.sql, ", not ", typed->type.sql);
  for (int64_t row = 0; row < batch->num_rows(); ++row) {
    std::vector<Value> columns;
    for (const auto& column : batch->columns()) columns.push_back(ValueAt(*column, row));
    const Result result = Evaluate(*typed, columns);
    if (result.kind == Result::Kind::kUnknown) {
      ++compared.unknown;
      continue;
    }
    ++compared.known;
    const bool fails = result.kind == Result::Kind::kFails;
    if (fails) ++compared.failing;
    if (fails == failed.contains(row) && (fails || result.value == ValueAt(values, row))) continue;
    return Cat("it is of type ", type.sql, " and gives ",
               failed.contains(row) ? "a failure" : ValueAt(values, row).Show(), ", and the reference ",
               fails ? "a failure" : result.value.Show(), ", of\n", ShowRow(batch, row));
  }
  return std::nullopt;
}

std::string ShowRow(const BatchPtr& batch, int64_t row) {
  std::string text;
  for (int i = 0; i < batch->num_columns(); ++i) {
    const arrow::Field& field = *batch->schema()->field(i);
    const std::string type = field.HasMetadata() ? field.metadata()->Get("millrace.sql_type").ValueOr("") : "";
    text += Cat("  ", field.name(), " ", type, " = ", ValueAt(*batch->column(i), row).Show(), "\n");
  }
  return text;
}

}  // namespace millrace::reference
