#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "coordinator/sql/plan_select.h"
#include "coordinator/sql/query_binder.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/scope.h"
#include "coordinator/sql/sql_types.h"

namespace millrace::sql {
namespace {

// Views and WITH are expanded where they are used, so that a short script can ask for more than anybody can plan.
constexpr int kMostQueries = 2'000;

const SetOperation* UnionAllIn(const Query& query) {
  if (!query.with.empty() || !query.order_by.empty() || query.limit || query.offset) return nullptr;
  const auto* operation = std::get_if<SetOperation>(&query.body);
  return operation != nullptr && operation->kind == SetOperation::Kind::kUnion && operation->all ? operation : nullptr;
}

}  // namespace

QueryBinder::QueryBinder(const Catalog& catalog, const Session& session, LogicalPlan& plan, SourceNodes& sources,
                         std::vector<Diagnostic>& diagnostics, Options options)
    : catalog_(catalog),
      session_(session),
      plan_(plan),
      sources_(sources),
      diagnostics_(diagnostics),
      options_(options) {}

std::optional<Relation> QueryBinder::Bind(const Query& query, CommonTables* common) {
  if (++num_queries_ > kMostQueries) {
    if (num_queries_ == kMostQueries + 1) {
      ReportWrong(diagnostics_, query.range, "this is more than ", kMostQueries,
                  " queries once views and WITH are expanded; write what is in between to a table");
    }
    return std::nullopt;
  }
  std::vector<std::unique_ptr<CommonTables>> declared;
  for (const CommonTable& table : query.with) {
    for (const auto& earlier : declared) {
      if (earlier->table->name.text != table.name.text) continue;
      ReportWrong(diagnostics_, table.name.range, "WITH declares '", table.name.text, "' twice; rename one");
    }
    auto entry = std::make_unique<CommonTables>();
    entry->table = &table;
    entry->outer = common;
    entry->bound = Bind(*table.query, common);
    if (entry->bound && !Rename(*entry->bound, TableAlias{table.name, table.columns})) entry->bound = std::nullopt;
    entry->wrong = !entry->bound.has_value();
    common = entry.get();
    declared.push_back(std::move(entry));
  }
  return BindBody(query, common);
}

std::optional<Relation> QueryBinder::BindBody(const Query& query, CommonTables* common) {
  if (const auto* select = std::get_if<Select>(&query.body)) return PlanSelect(*this, *select, query, common);
  std::optional<Relation> relation;
  if (const auto* values = std::get_if<Values>(&query.body)) {
    relation = BindValues(*values);
  } else if (const auto* table = std::get_if<ExplicitTable>(&query.body)) {
    relation = BindCatalogTable(table->name, {}, common);
    if (relation && !relation->scope.IsWhole()) return std::nullopt;
  } else if (const auto* operation = std::get_if<SetOperation>(&query.body)) {
    relation = BindSetOperation(*operation, query.range, common);
  } else {
    relation = Bind(*std::get<Box<Query>>(query.body), common);
  }
  if (!relation) return std::nullopt;
  if (query.order_by.empty() && !query.limit && !query.offset) return relation;
  return Sort(*std::move(relation), query, common);
}

std::optional<Relation> QueryBinder::BindSubquery(const Query& query, const Scope& outer, CommonTables* common) {
  outer_scopes_.push_back(&outer);
  std::optional<Relation> relation = Bind(query, common);
  outer_scopes_.pop_back();
  return relation;
}

const ScopeColumn* QueryBinder::FindOuter(const QualifiedName& name) const {
  std::vector<Diagnostic> ignored;
  for (auto scope = outer_scopes_.rbegin(); scope != outer_scopes_.rend(); ++scope) {
    if (const std::optional<FoundColumn> found = FindColumn(name, **scope, ignored)) return found->column;
  }
  return nullptr;
}

std::optional<Relation> QueryBinder::BindSetOperation(const SetOperation& operation, const SourceRange& range,
                                                      CommonTables* common) {
  std::vector<Relation> inputs;
  std::vector<SourceRange> ranges;
  bool right = true;
  // A chain of UNION ALL is one operator.
  std::vector<const Query*> open = {&*operation.right, &*operation.left};
  const bool chain = operation.kind == SetOperation::Kind::kUnion && operation.all;
  while (!open.empty()) {
    const Query* query = open.back();
    open.pop_back();
    if (const SetOperation* inner = chain ? UnionAllIn(*query) : nullptr) {
      open.push_back(&*inner->right);
      open.push_back(&*inner->left);
      continue;
    }
    std::optional<Relation> input = Bind(*query, common);
    right = right && input.has_value();
    if (!input) continue;
    inputs.push_back(*std::move(input));
    ranges.push_back(query->range);
  }
  if (!right) return std::nullopt;
  std::optional<Relation> all = UnionOf(std::move(inputs), ranges);
  if (!all || chain) return all;
  if (operation.kind == SetOperation::Kind::kUnion) return Distinct(*std::move(all), range, "UNION");
  ReportUnsupported(diagnostics_, range, operation.kind == SetOperation::Kind::kExcept ? "EXCEPT" : "INTERSECT",
                    " is not supported; of the operations on sets there is UNION ALL");
  return all;
}

std::optional<Relation> QueryBinder::UnionOf(std::vector<Relation> inputs, const std::vector<SourceRange>& ranges) {
  const size_t width = inputs[0].scope.columns.size();
  bool right = true;
  for (size_t i = 1; i < inputs.size(); ++i) {
    const size_t own = inputs[i].scope.columns.size();
    if (own == width) continue;
    ReportWrong(diagnostics_, ranges[i], "this has ", own, own == 1 ? " column" : " columns",
                ", but the first query of the union has ", width, "; give them as many");
    right = false;
  }
  if (!right) return std::nullopt;
  std::vector<DataType> common(width);
  for (size_t column = 0; column < width; ++column) {
    std::vector<DataType> types;
    for (const Relation& input : inputs) types.push_back(input.scope.columns[column].type);
    std::optional<DataType> type = CommonSqlType(types);
    if (type) {
      common[column] = *std::move(type);
      continue;
    }
    const size_t other = static_cast<size_t>(
        std::find_if(types.begin(), types.end(), [&](const DataType& t) { return !IsSameType(t, types[0]); }) -
        types.begin());
    ReportWrong(diagnostics_, ranges[other], "column ", column + 1, " ('", inputs[0].scope.columns[column].name,
                "') is ", types[0].sql, " in the first query of the union and ", types[other].sql,
                " here; CAST one of them");
    right = false;
  }
  if (!right) return std::nullopt;
  std::vector<LogicalNode*> nodes;
  for (const Relation& input : inputs) {
    std::vector<NamedColumn> columns;
    bool same = input.node->columns.size() == width;
    for (size_t column = 0; column < width; ++column) {
      const ScopeColumn& own = input.scope.columns[column];
      const std::string& name = inputs[0].scope.columns[column].name;
      same = same && own.plan_column == name && input.node->columns[column].name == name &&
             IsSameType(own.type, common[column]);
      TypedExpression value = ColumnOf({own.plan_column, own.type});
      columns.push_back({name, ConvertTo(std::move(value), WithNull(common[column], own.type.nullable), session_)});
    }
    nodes.push_back(same ? input.node : plan_.AddProject(input.node, columns));
  }
  Relation all;
  all.node = plan_.AddUnion(nodes);
  for (size_t column = 0; column < width; ++column) {
    const PlanColumn& own = all.node->columns[column];
    const bool row_time = own.row_time && std::all_of(inputs.begin(), inputs.end(), [&](const Relation& input) {
                            return input.scope.columns[column].row_time;
                          });
    all.scope.columns.push_back({"", own.name, common[column], own.name, row_time});
  }
  return all;
}

Relation QueryBinder::Distinct(Relation input, const SourceRange& range, std::string_view what) {
  if (!input.node->bounded) {
    ReportUnsupported(diagnostics_, range, what,
                      " over unbounded input is not supported: its state would grow for ever; group by a window");
    return input;
  }
  LogicalNode group;
  for (const ScopeColumn& column : input.scope.columns)
    group.node.mutable_group_aggregate()->add_keys(column.plan_column);
  for (const PlanColumn& column : input.node->columns) group.columns.push_back({column.name, column.type, false});
  group.inputs = {{input.node, ""}};
  group.bounded = true;
  input.node = plan_.Add(std::move(group));
  for (ScopeColumn& column : input.scope.columns) column.row_time = false;
  input.window = std::nullopt;
  return input;
}

std::string QueryBinder::UidHint(const std::vector<Hint>& hints) {
  for (const Hint& hint : hints) {
    if (!absl::EqualsIgnoreCase(hint.name.text, "UID")) continue;
    const std::string uid = hint.arguments.size() == 1 ? hint.arguments[0] : "";
    bool right = !uid.empty() && uid.size() <= 63 && uid[0] >= 'a' && uid[0] <= 'z';
    for (const char c : uid)
      right = right && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-');
    if (right) return uid;
    ReportWrong(diagnostics_, hint.range,
                "UID takes one name: a lower-case letter, then up to 62 of a-z, 0-9, '_' and '-', such as UID('agg')");
  }
  return "";
}

}  // namespace millrace::sql
