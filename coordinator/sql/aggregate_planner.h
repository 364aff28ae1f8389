#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/sql/expression_binder.h"
#include "coordinator/sql/query_binder.h"

namespace millrace::sql {

// GROUP BY and aggregates of one SELECT. Expressions bound with it as their hook stand on the aggregate's output: keys
// and aggregates become its columns.
//
// Borrows the binder, the input and its scope.
class AggregatePlanner final : public ExpressionHook {
 public:
  AggregatePlanner(QueryBinder& binder, const Relation& input, CommonTables* common);

  // False: something is wrong, and was said.
  bool BindKeys(const Select& select);
  bool Take(const Expression& expression, std::optional<TypedExpression>& result) override;
  // The column of the input's window that an expression over the aggregate is; "": none.
  std::string WindowColumnOf(const v1::Expression& output) const;
  bool IsWindowTime(const v1::Expression& output) const;
  // The operators, once all expressions were bound.
  LogicalNode* Build(const Select& select, const SourceRange& range);

 private:
  struct Key {
    std::string serialized;  // of the expression over the input
    std::string window_column;  // of the input, if it is one of the window's
    TypedExpression output;  // over the aggregate
  };
  bool BindKey(const Expression& expression, const Select& select);
  void BindRefused(const GroupingElement& element);
  std::optional<TypedExpression> BindInput(const Expression& expression, std::vector<Diagnostic>& diagnostics);
  bool TakeKey(const Expression& expression, std::optional<TypedExpression>& result);
  std::optional<TypedExpression> BindAggregate(const FunctionCall& call, const SourceRange& range);
  // The name of the expression's column in the input of the aggregate.
  std::string InputColumn(const TypedExpression& expression);
  bool ReplaceKeys(v1::Expression& expression) const;
  void FindWindowKeys(const Select& select);
  TypedExpression WindowColumn(const std::string& column) const;
  // Bounds of windows are TIMESTAMP_LTZ in the plan: those of TIMESTAMP_LTZ in UTC are.
  bool HasZonedBounds() const;
  LogicalNode* InputNode() const;
  LogicalNode* BuildInput();
  LogicalNode* BuildGroup(const SourceRange& range);
  LogicalNode* BuildWindow();

  QueryBinder& binder_;
  const Relation& input_;
  CommonTables* const common_;
  std::vector<Key> keys_;
  // GROUP BY names start and end of the input's windows.
  bool windowed_ = false;
  // Columns of the aggregate's input, and of its output.
  std::vector<NamedColumn> input_columns_;
  bool needs_project_ = false;
  std::vector<std::string> key_columns_;
  std::vector<v1::Aggregate> aggregates_;
  std::vector<DataType> aggregate_types_;
  UniqueNames output_names_;
};

}  // namespace millrace::sql
