#include "coordinator/sql/plan_select.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/nearest_name.h"
#include "coordinator/sql/aggregate_planner.h"
#include "coordinator/sql/plan_order.h"
#include "coordinator/sql/query_hook.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/scope.h"
#include "coordinator/sql/sql_types.h"
#include "coordinator/sql/table_hints.h"

namespace millrace::sql {
namespace {

// An item of SELECT once * is written out.
struct Item {
  const Expression* expression = nullptr;
  const ScopeColumn* column = nullptr;
  std::string name;
};

// Names of SELECT within ORDER BY.
class OrderHook final : public ExpressionHook {
 public:
  OrderHook(const std::vector<NamedColumn>& outputs, ExpressionHook& next) : outputs_(outputs), next_(next) {}
  bool Take(const Expression& expression, std::optional<TypedExpression>& result) override {
    const auto* column = std::get_if<ColumnReference>(&expression.node);
    if (column != nullptr && column->name.parts.size() == 1) {
      for (const NamedColumn& output : outputs_) {
        if (output.name != column->name.parts[0].text) continue;
        result = output.expression;
        return true;
      }
    }
    return next_.Take(expression, result);
  }

 private:
  const std::vector<NamedColumn>& outputs_;
  ExpressionHook& next_;
};

// Whether the whole expression is the call's name: CURRENT_DATE, not CURRENT_DATE().
bool IsBare(const FunctionCall& call, const SourceRange& range) {
  return SameRange(call.name.range, range);
}

class SelectPlanner {
 public:
  SelectPlanner(QueryBinder& binder, const Select& select, const Query& query, CommonTables* common)
      : binder_(binder), select_(select), query_(query), common_(common) {}

  std::optional<Relation> Plan() {
    CheckSelectHints(select_.hints, diagnostics());
    std::optional<Relation> input = binder_.BindFrom(select_.from, common_);
    if (!input) return std::nullopt;
    input_ = *std::move(input);
    if (!BindWhere()) right_ = false;
    const std::optional<std::vector<Item>> items = ExpandItems();
    if (!items) return std::nullopt;
    if (IsAggregated(*items)) {
      aggregate_ = std::make_unique<AggregatePlanner>(binder_, input_, common_);
      if (!aggregate_->BindKeys(select_)) return std::nullopt;
    }
    BindItems(*items);
    if (!right_) return std::nullopt;
    std::optional<TypedExpression> having;
    if (select_.having) {
      having = Binder().BindCondition(*select_.having, "HAVING");
      right_ = having.has_value();
    }
    BindOrder();
    if (!right_) return std::nullopt;
    LogicalNode* node = aggregate_ ? aggregate_->Build(select_, GroupRange()) : input_.node;
    if (having) node = binder_.plan().AddFilter(node, having->plan);
    return Finish(node);
  }

 private:
  std::vector<Diagnostic>& diagnostics() { return binder_.diagnostics(); }

  // Over the rows that SELECT sees: those of FROM, or of the aggregate.
  ExpressionBinder Binder() {
    if (aggregate_ != nullptr)
      return ExpressionBinder(input_.scope, binder_.session(), diagnostics(), aggregate_.get());
    if (row_hook_ == nullptr) row_hook_ = std::make_unique<QueryHook>(binder_, input_.scope, common_, "this place");
    return ExpressionBinder(input_.scope, binder_.session(), diagnostics(), row_hook_.get());
  }

  SourceRange GroupRange() const {
    if (!select_.group_by.empty()) return {select_.group_by.front().range.begin, select_.group_by.back().range.end};
    for (const SelectItem& item : select_.items) {
      const auto* value = std::get_if<Expression>(&item.value);
      if (value != nullptr && HasAggregate(*value)) return item.range;
    }
    return query_.range;
  }

  bool BindWhere() {
    if (!select_.where) return true;
    QueryHook hook(binder_, input_.scope, common_, "WHERE");
    std::optional<TypedExpression> condition =
        ExpressionBinder(input_.scope, binder_.session(), diagnostics(), &hook).BindCondition(*select_.where, "WHERE");
    if (!condition) return false;
    input_.node = binder_.plan().AddFilter(input_.node, condition->plan);
    if (!input_.window || input_.window->bare == nullptr) return true;
    LogicalNode*& bare = input_.window->bare;
    std::vector<std::string> columns;
    CollectColumns(condition->plan, columns);
    const bool reads = std::any_of(columns.begin(), columns.end(),
                                   [&](const std::string& name) { return input_.window->Has(name); });
    bare = reads ? nullptr : binder_.plan().AddFilter(bare, condition->plan);
    return true;
  }

  std::optional<std::vector<Item>> ExpandItems() {
    std::vector<Item> items;
    bool right = true;
    for (const SelectItem& item : select_.items) {
      if (const auto* star = std::get_if<Star>(&item.value)) {
        right = Expand(*star, item.range, items) && right;
        continue;
      }
      const Expression& expression = std::get<Expression>(item.value);
      std::string name = Cat("EXPR$", items.size());
      if (item.alias) {
        name = item.alias->text;
      } else if (const auto* column = std::get_if<ColumnReference>(&expression.node)) {
        name = column->name.parts.back().text;
      } else if (const auto* field = std::get_if<FieldAccess>(&expression.node)) {
        name = field->field.text;
      } else if (const auto* call = std::get_if<FunctionCall>(&expression.node)) {
        if (IsBare(*call, expression.range)) name = call->name.text;
      }
      items.push_back({&expression, nullptr, std::move(name)});
    }
    if (!right || items.empty()) return std::nullopt;
    return items;
  }

  bool Expand(const Star& star, const SourceRange& range, std::vector<Item>& items) {
    if (!input_.scope.IsWhole()) return false;
    if (input_.scope.columns.empty()) {
      ReportWrong(diagnostics(), range, "* stands for the columns of FROM, and there is none");
      return false;
    }
    const std::string table = star.table ? star.table->parts.back().text : "";
    const size_t before = items.size();
    for (const ScopeColumn& column : input_.scope.columns) {
      if (!star.table || column.table == table) items.push_back({nullptr, &column, column.name});
    }
    if (items.size() != before) return true;
    ReportWrong(diagnostics(), star.table->range, "there is no table '", table, "' in FROM",
                NameAdvice(table, TablesOf(input_.scope)));
    return false;
  }

  bool IsAggregated(const std::vector<Item>& items) const {
    const auto has = [](const Expression* expression) { return expression != nullptr && HasAggregate(*expression); };
    return !select_.group_by.empty() || select_.having ||
           std::any_of(items.begin(), items.end(), [&](const Item& item) { return has(item.expression); }) ||
           std::any_of(query_.order_by.begin(), query_.order_by.end(),
                       [&](const OrderItem& item) { return has(&item.expression); });
  }

  void BindItems(const std::vector<Item>& items) {
    UniqueNames names;
    for (const Item& item : items) {
      std::optional<TypedExpression> value;
      if (item.column != nullptr && aggregate_ != nullptr) {
        const Identifier name{{}, item.column->name, false};
        const SourceRange range = select_.items[0].range;
        value = Binder().Bind({range, ColumnReference{{range, {name}}}});
      } else if (item.column != nullptr) {
        value = ColumnOf({item.column->plan_column, item.column->type, false});
      } else {
        value = Binder().BindTyped(*item.expression);
        if (value && LevelsOf(value->plan) > kMostExpressionLevels) {
          ReportWrong(diagnostics(), item.expression->range, "this expression is nested more than ",
                      kMostExpressionLevels, " deep; compute a part of it in a subquery");
          value = std::nullopt;
        }
      }
      right_ = right_ && value.has_value();
      if (value) outputs_.push_back({names.Take(item.name), *std::move(value)});
    }
  }

  void BindOrder() {
    for (const OrderItem& item : query_.order_by) {
      if (const std::optional<size_t> ordinal = OrdinalOf(item, outputs_.size(), diagnostics())) {
        right_ = right_ && *ordinal < outputs_.size();
        if (right_) keys_.push_back(SortKeyOf(item, outputs_[*ordinal].name));
        continue;
      }
      ExpressionHook* rows = aggregate_.get();
      if (rows == nullptr) {
        static_cast<void>(Binder());
        rows = row_hook_.get();
      }
      OrderHook hook(outputs_, *rows);
      std::optional<TypedExpression> key =
          ExpressionBinder(input_.scope, binder_.session(), diagnostics(), &hook).BindTyped(item.expression);
      right_ = right_ && key.has_value();
      if (key) keys_.push_back(SortKeyOf(item, OrderColumn(*key, item.range)));
    }
  }

  // The output column with that value, or one more that is dropped behind the sort.
  std::string OrderColumn(const TypedExpression& key, const SourceRange& range) {
    const std::string serialized = key.plan.SerializeAsString();
    for (const NamedColumn& output : outputs_) {
      if (output.expression.plan.SerializeAsString() == serialized) return output.name;
    }
    if (select_.distinct) {
      ReportWrong(diagnostics(), range, "ORDER BY of SELECT DISTINCT takes what is in SELECT, and this is not");
      right_ = false;
    }
    std::string name = "order_" + Digest(serialized);
    const auto taken = [&](const NamedColumn& column) { return column.name == name; };
    while (std::any_of(outputs_.begin(), outputs_.end(), taken)) name += "_";
    if (std::none_of(hidden_.begin(), hidden_.end(), taken)) hidden_.push_back({name, key});
    return name;
  }

  // Whether a window can stand on it.
  bool CarriesTime(const TypedExpression& output) const {
    if (aggregate_ != nullptr) return aggregate_->IsWindowTime(output.plan);
    return output.plan.has_column() &&
           std::any_of(input_.scope.columns.begin(), input_.scope.columns.end(), [&](const ScopeColumn& column) {
             return column.plan_column == output.plan.column() && column.row_time;
           });
  }

  // The windows of the input, if start and end are handed on.
  std::optional<Tumble> WindowOf() const {
    if (!input_.window) return std::nullopt;
    Tumble window = *input_.window;
    window.bare = nullptr;
    window.start = window.end = window.last = "";
    for (const NamedColumn& output : outputs_) {
      const v1::Expression& plan = output.expression.plan;
      const std::string column = aggregate_ != nullptr ? aggregate_->WindowColumnOf(plan)
                                 : plan.has_column()   ? plan.column()
                                                       : "";
      if (!input_.window->Has(column)) continue;
      std::string& own = column == input_.window->start ? window.start
                         : column == input_.window->end ? window.end
                                                        : window.last;
      if (own.empty()) own = output.name;
      if (column == input_.window->start) window.time = {own, output.expression.type, false};
    }
    if (window.start.empty() || window.end.empty()) return std::nullopt;
    // The event time tells the window without its start having to be computed.
    const PlanColumn& time = input_.window->time;
    for (const NamedColumn& output : outputs_) {
      const bool same = aggregate_ == nullptr && time.row_time && output.expression.plan.column() == time.name;
      if (same) window.time = {output.name, output.expression.type, true};
    }
    return window;
  }

  Relation Finish(LogicalNode* node) {
    std::vector<NamedColumn> columns = outputs_;
    columns.insert(columns.end(), hidden_.begin(), hidden_.end());
    Relation relation;
    relation.node = binder_.plan().AddProject(node, columns);
    LogicalNode* named = relation.node;
    for (const NamedColumn& output : outputs_) {
      const PlanColumn* column = relation.node->Find(output.name);
      relation.scope.columns.push_back({"", output.name, column->type, output.name, CarriesTime(output.expression)});
    }
    relation.window = WindowOf();
    if (select_.distinct) {
      relation = binder_.Distinct(std::move(relation), query_.range, "SELECT DISTINCT");
      named = relation.node;
    }
    if (!keys_.empty() || query_.limit || query_.offset) {
      relation = binder_.AddSort(std::move(relation), std::move(keys_), query_);
      if (!select_.distinct) named = relation.node;
    }
    // An aggregate has it already. Else the first operator that keeps state, for state is found by it.
    const std::string uid = aggregate_ == nullptr ? binder_.UidHint(select_.hints) : "";
    if (!uid.empty()) named->uid = uid;
    if (!hidden_.empty()) {
      std::vector<NamedColumn> shown;
      for (const NamedColumn& output : outputs_)
        shown.push_back({output.name, ColumnOf({output.name, output.expression.type, false})});
      relation.node = binder_.plan().AddProject(relation.node, shown);
    }
    return relation;
  }

  QueryBinder& binder_;
  const Select& select_;
  const Query& query_;
  CommonTables* const common_;
  Relation input_;
  std::unique_ptr<AggregatePlanner> aggregate_;
  std::unique_ptr<QueryHook> row_hook_;
  std::vector<NamedColumn> outputs_;
  std::vector<NamedColumn> hidden_;  // for ORDER BY
  std::vector<v1::SortKey> keys_;
  bool right_ = true;
};

}  // namespace

std::optional<Relation> PlanSelect(QueryBinder& binder, const Select& select, const Query& query,
                                   CommonTables* common) {
  return SelectPlanner(binder, select, query, common).Plan();
}

}  // namespace millrace::sql
