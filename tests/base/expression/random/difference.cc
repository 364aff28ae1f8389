#include "tests/base/expression/random/difference.h"

#include <set>
#include <vector>

#include "arrow/api.h"
#include "base/error.h"
#include "base/expression/constant_folding.h"
#include "base/expression/expression.h"
#include "base/expression/expression_set.h"
#include "tests/base/expression/random/random_expressions.h"
#include "tests/base/expression/random/random_values.h"
#include "tests/base/expression/reference/compare.h"
#include "tests/base/expression/reference/value.h"

namespace millrace {
namespace {

using reference::Value;

// A column of results, or why there is none.
struct Column {
  std::string refused;
  DataType type;
  std::string text;
  std::shared_ptr<arrow::Array> array;
  std::vector<Value> values;
  std::set<int64_t> failed;
};

std::set<int64_t> RowsOf(const RowErrors& errors) {
  std::set<int64_t> rows;
  for (const RowErrors::Entry& entry : errors.entries()) rows.insert(entry.row);
  return rows;
}

std::vector<Value> ValuesOf(const arrow::Array& array) {
  std::vector<Value> values;
  for (int64_t row = 0; row < array.length(); ++row) values.push_back(reference::ValueAt(array, row));
  return values;
}

// What is wrong with a column as such.
// Not looked at: NULLs where the type says NOT NULL. As in Flink, types do not say of a DECIMAL that it is NULL where
// it has too many digits, nor of what is made of it.
std::optional<std::string> Malformed(const arrow::Array& array, const DataType& type, int64_t rows) {
  if (array.length() != rows) return Cat("has ", array.length(), " rows");
  if (!array.type()->Equals(*type.arrow)) return Cat("is of type ", array.type()->ToString());
  if (const arrow::Status valid = array.ValidateFull(); !valid.ok()) return Cat("is no array: ", valid.message());
  return std::nullopt;
}

absl::StatusOr<Column> Alone(const v1::Expression& expression, const BatchPtr& batch) {
  Column column;
  absl::StatusOr<ExpressionPtr> bound = BindExpression(expression, *batch->schema());
  if (!bound.ok()) {
    column.refused = std::string(bound.status().message());
    return column;
  }
  column.type = (*bound)->data_type();
  column.text = (*bound)->text();
  Evaluation evaluation(batch);
  absl::StatusOr<std::shared_ptr<arrow::Array>> array = EvaluateArray(**bound, evaluation);
  if (!array.ok()) return InvalidArgument(column.text, " fails as a whole: ", array.status().message());
  column.failed = RowsOf(evaluation.errors);
  if (!column.failed.empty() && !(*bound)->CanFail()) return InvalidArgument(column.text, " fails and says it cannot");
  if (auto wrong = Malformed(**array, column.type, batch->num_rows())) {
    return InvalidArgument(column.text, " of type ", column.type.sql, " ", *wrong);
  }
  column.values = ValuesOf(**array);
  column.array = *std::move(array);
  return column;
}

std::string Shown(const Column& column, int64_t row) {
  return column.failed.contains(row) ? "a failure" : column.values[static_cast<size_t>(row)].Show();
}

bool SameRow(const Column& a, const Column& b, int64_t row) {
  const auto i = static_cast<size_t>(row);
  if (a.failed.contains(row) || b.failed.contains(row)) return a.failed.contains(row) == b.failed.contains(row);
  return a.values[i] == b.values[i];
}

std::optional<std::string> Compare(const Column& own, const Column& other, const BatchPtr& batch, const char* how) {
  if (other.refused != "") return Cat(own.text, ": ", how, " it is refused: ", other.refused);
  for (int64_t row = 0; row < batch->num_rows(); ++row) {
    if (SameRow(own, other, row)) continue;
    return Cat(own.text, " gives ", Shown(own, row), ", and ", how, " ", other.text, " gives ", Shown(other, row),
               ", of\n", reference::ShowRow(batch, row));
  }
  return std::nullopt;
}

std::optional<std::string> CompareTogether(const std::vector<Column>& alone,
                                           const std::vector<const v1::Expression*>& expressions,
                                           const BatchPtr& batch) {
  absl::StatusOr<ExpressionSet> set = ExpressionSet::Bind(expressions, *batch->schema());
  if (!set.ok()) return Cat("together they are refused: ", set.status().message());
  RowErrors errors;
  auto columns = set->Evaluate(batch, errors);
  if (!columns.ok()) return Cat("together they fail: ", columns.status().message());
  const std::set<int64_t> failed = RowsOf(errors);
  std::set<int64_t> expected;
  for (const Column& column : alone) expected.insert(column.failed.begin(), column.failed.end());
  if (failed != expected) return Cat(alone[0].text, " and others fail for other rows together");
  for (size_t i = 0; i < alone.size(); ++i) {
    if (auto wrong = Malformed(*(*columns)[i], alone[i].type, batch->num_rows())) {
      return Cat(alone[i].text, " together with others ", *wrong);
    }
    const std::vector<Value> values = ValuesOf(*(*columns)[i]);
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      const auto at = static_cast<size_t>(row);
      if (failed.contains(row) || values[at] == alone[i].values[at]) continue;
      return Cat(alone[i].text, " gives ", Shown(alone[i], row), ", and together with others ", values[at].Show(),
                 ", of\n", reference::ShowRow(batch, row));
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> FindDifference(std::span<const uint8_t> bytes, Compared& compared) {
  Choices choices(bytes);
  const std::shared_ptr<arrow::Schema> schema = RandomSchema(choices);
  const std::vector<v1::Expression> expressions = RandomExpressions(*schema, choices);
  const BatchPtr batch = RandomBatch(schema, choices);
  std::vector<Column> alone;
  std::vector<const v1::Expression*> taken;
  for (const v1::Expression& expression : expressions) {
    absl::StatusOr<Column> column = Alone(expression, batch);
    if (!column.ok()) return std::string(column.status().message());
    // Patterns and the like that are constant and wrong.
    if (column->refused != "") continue;
    ++compared.expressions;
    auto difference =
        reference::FindDifference(expression, batch, column->type, *column->array, column->failed, compared.rows);
    if (difference) return Cat(column->text, ": ", *difference);
    absl::StatusOr<Column> folded = Alone(FoldConstants(expression), batch);
    if (!folded.ok()) return Cat("after folding: ", folded.status().message());
    difference = Compare(*column, *folded, batch, "after folding");
    if (difference) return difference;
    alone.push_back(*std::move(column));
    taken.push_back(&expression);
  }
  return taken.empty() ? std::nullopt : CompareTogether(alone, taken, batch);
}

}  // namespace millrace
