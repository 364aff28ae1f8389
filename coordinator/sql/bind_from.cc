#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/nearest_name.h"
#include "coordinator/sql/connector_options.h"
#include "coordinator/sql/query_binder.h"
#include "coordinator/sql/query_hook.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/sql_types.h"
#include "coordinator/sql/table_connectors.h"
#include "coordinator/sql/table_hints.h"
#include "coordinator/sql/table_name.h"

namespace millrace::sql {
namespace {

std::string_view JoinWord(const Join& join) {
  switch (join.kind) {
    case Join::Kind::kInner:
      return "JOIN";
    case Join::Kind::kLeft:
      return "LEFT JOIN";
    case Join::Kind::kRight:
      return "RIGHT JOIN";
    case Join::Kind::kFull:
      return "FULL JOIN";
    case Join::Kind::kCross:
      return "CROSS JOIN";
  }
  return "";
}

bool IsTrue(const Expression& expression) {
  const auto* literal = std::get_if<Literal>(&expression.node);
  return literal != nullptr && literal->kind == Literal::Kind::kTrue;
}

}  // namespace

std::optional<Relation> QueryBinder::BindFrom(const std::vector<TableReference>& from, CommonTables* common) {
  if (from.empty()) return OneRow();
  std::optional<Relation> all = BindReference(from[0], common);
  for (size_t i = 1; i < from.size(); ++i) {
    if (const auto* unnest = std::get_if<Unnest>(&from[i].node)) {
      if (all) all = BindUnnest(*std::move(all), *unnest, false, from[i].range);
      continue;
    }
    std::optional<Relation> next = BindReference(from[i], common);
    if (!all || !next) {
      all = std::nullopt;
      continue;
    }
    all = JoinOf(*std::move(all), *std::move(next), from[i].range, "a join of tables");
  }
  return all;
}

std::optional<Relation> QueryBinder::BindReference(const TableReference& reference, CommonTables* common) {
  if (const auto* named = std::get_if<NamedTable>(&reference.node)) return BindTable(*named, reference.range, common);
  if (const auto* derived = std::get_if<DerivedTable>(&reference.node)) {
    std::optional<Relation> relation = Bind(*derived->query, common);
    if (!relation) return std::nullopt;
    for (ScopeColumn& column : relation->scope.columns) column.table.clear();
    if (derived->lateral) ReportUnsupported(diagnostics_, reference.range, "LATERAL (SELECT …) is not supported");
    if (!Rename(*relation, derived->alias)) return std::nullopt;
    return relation;
  }
  if (const auto* function = std::get_if<TableFunction>(&reference.node)) {
    return BindTableFunction(*function, reference.range, common);
  }
  if (const auto* join = std::get_if<Join>(&reference.node)) return BindJoin(*join, reference.range, common);
  return BindUnnest(OneRow(), std::get<Unnest>(reference.node), false, reference.range);
}

bool QueryBinder::Rename(Relation& relation, const std::optional<TableAlias>& alias) {
  if (!alias) return true;
  std::vector<ScopeColumn>& columns = relation.scope.columns;
  for (ScopeColumn& column : columns) column.table = alias->name.text;
  if (alias->columns.empty()) return true;
  if (alias->columns.size() != columns.size()) {
    ReportWrong(diagnostics_, alias->name.range, "'", alias->name.text, "' names ", alias->columns.size(),
                " columns, but there are ", columns.size(), "; name all of them, or none");
    return false;
  }
  for (size_t i = 0; i < columns.size(); ++i) columns[i].name = alias->columns[i].text;
  return true;
}

std::optional<Relation> QueryBinder::BindTable(const NamedTable& named, const SourceRange& range,
                                               CommonTables* common) {
  std::optional<Relation> relation = BindCatalogTable(named.name, named.hints, common);
  if (named.system_time) {
    ReportUnsupported(diagnostics_, named.system_time->range,
                      "FOR SYSTEM_TIME AS OF is not supported: there are no joins with versions of a table");
  }
  static_cast<void>(range);
  if (!relation || !Rename(*relation, named.alias)) return std::nullopt;
  return relation;
}

std::optional<Relation> QueryBinder::BindCatalogTable(const QualifiedName& name, const std::vector<Hint>& hints,
                                                      CommonTables* common) {
  if (name.parts.size() == 1) {
    for (CommonTables* entry = common; entry != nullptr; entry = const_cast<CommonTables*>(entry->outer)) {
      if (entry->table->name.text != name.parts[0].text) continue;
      RefuseTableHints(hints, Cat("'", name.parts[0].text, "' of WITH"), diagnostics_);
      if (entry->wrong) return std::nullopt;
      if (!std::exchange(entry->used, true)) return entry->bound;
      std::optional<Relation> again = Bind(*entry->table->query, const_cast<CommonTables*>(entry->outer));
      if (!again || !Rename(*again, TableAlias{entry->table->name, entry->table->columns})) return std::nullopt;
      return again;
    }
  }
  const std::optional<std::string> own = TableNameOf(name, diagnostics_);
  if (!own) return std::nullopt;
  if (const View* view = catalog_.FindView(*own)) {
    RefuseTableHints(hints, Cat("view '", view->name, "'"), diagnostics_);
    return BindView(*view, name.range);
  }
  const Table* table = catalog_.FindTable(*own);
  if (table == nullptr) {
    ReportWrong(diagnostics_, name.range, "there is no table '", *own, "'", TableAdvice(*own, catalog_));
    return std::nullopt;
  }
  if (table->columns.empty() && !table->open) {
    ReportWrong(diagnostics_, name.range, "table '", *own,
                "' is declared without columns: it takes those of what is written to it, and cannot be read");
    return std::nullopt;
  }
  Relation relation;
  relation.node = SourceNode(*table, hints, name.range);
  over_wrong_table_ = over_wrong_table_ || table->wrong || relation.node == nullptr;
  if (relation.node == nullptr || table->wrong) relation.node = UnreadNode(*table);
  relation.scope.open = table->open;
  for (const TableColumn& column : table->columns) {
    const PlanColumn* planned = relation.node->Find(column.name);
    if (planned == nullptr) {
      relation.scope.unknown.push_back(column.name);
    } else {
      relation.scope.columns.push_back({*own, column.name, planned->type, column.name, planned->row_time});
    }
  }
  return relation;
}

LogicalNode* QueryBinder::UnreadNode(const Table& table) {
  LogicalNode unread;
  unread.node.mutable_source();
  unread.name = table.name;
  // What asks for an end is not told of a table whose end nobody knows.
  unread.bounded = table.wrong || FindConnector(table.connector()) == nullptr || IsBounded(table);
  for (const TableColumn& column : table.columns) {
    if (column.type.arrow == nullptr) continue;
    const bool row_time = table.watermark && table.watermark->column == column.name;
    unread.columns.push_back({column.name, column.type, row_time});
  }
  return plan_.Add(std::move(unread));
}

std::optional<Relation> QueryBinder::BindView(const View& view, const SourceRange& range) {
  if (std::find(open_views_.begin(), open_views_.end(), view.name) != open_views_.end()) {
    ReportWrong(diagnostics_, range, "view '", view.name, "' is defined by itself; drop it, and create it from tables");
    return std::nullopt;
  }
  if (view.wrong) return std::nullopt;
  open_views_.push_back(view.name);
  std::optional<Relation> relation = Bind(view.query, nullptr);
  open_views_.pop_back();
  if (!relation) return std::nullopt;
  const TableAlias alias{Identifier{view.range, view.name, false}, view.columns};
  if (!Rename(*relation, alias)) return std::nullopt;
  return relation;
}

LogicalNode* QueryBinder::SourceNode(const Table& table, const std::vector<Hint>& hints, const SourceRange& range) {
  const Table read = ApplyHints(table, hints, diagnostics_);
  std::string key = table.name;
  for (const Hint& hint : hints) {
    for (const Option& option : hint.options) absl::StrAppend(&key, "\n", option.key, "=", option.value);
  }
  const std::string uid = UidHint(hints);
  if (options_.only_types) return UnreadNode(table);
  const auto found = sources_.find(key);
  if (found != sources_.end()) {
    LogicalNode* node = found->second.node;
    if (node == nullptr || uid.empty()) return node;
    if (!node->uid.empty() && node->uid != uid) {
      ReportWrong(diagnostics_, range, "'", table.name, "' is read once for all of the script, and has the UID '",
                  node->uid, "' already; give it the same one everywhere");
    }
    node->uid = uid;
    return node;
  }
  TableSource& added = sources_[key];
  std::optional<v1::Source> source = SourceOf(read, session_, diagnostics_);
  if (!source) return nullptr;
  LogicalNode planned;
  for (const TableColumn& column : read.columns) {
    if (column.kind == TableColumn::Kind::kComputed || column.type.arrow == nullptr) continue;
    planned.columns.push_back({column.name, column.type, false});
  }
  Scope scope;
  for (const PlanColumn& column : planned.columns)
    scope.columns.push_back({table.name, column.name, column.type, column.name, false});
  for (const TableColumn& column : read.columns) {
    if (column.kind != TableColumn::Kind::kComputed) continue;
    std::vector<Diagnostic> own;
    std::optional<TypedExpression> value = BindExpression(*column.computed, scope, session_, own);
    if (!value && table.wrong) return nullptr;
    if (!value) {
      // What is wrong with a table was said where it was created.
      ReportWrong(diagnostics_, range, "the computed column '", column.name, "' of '", table.name,
                  "' is wrong: ", own.empty() ? std::string("see there") : own[0].message);
      return nullptr;
    }
    v1::NamedExpression& computed = *source->add_computed();
    computed.set_name(column.name);
    *computed.mutable_expression() = value->plan;
    planned.columns.push_back({column.name, value->type, false});
  }
  if (table.watermark) {
    for (PlanColumn& column : planned.columns) column.row_time = column.name == table.watermark->column;
  }
  *planned.node.mutable_source() = *std::move(source);
  planned.bounded = IsBounded(read);
  planned.name = key == table.name ? table.name : Cat(table.name, "-", Digest(key));
  planned.uid = uid;
  added = {plan_.Add(std::move(planned)), DeadLetterTableOf(read)};
  return added.node;
}

std::optional<Relation> QueryBinder::BindJoin(const Join& join, const SourceRange& range, CommonTables* common) {
  std::optional<Relation> left = BindReference(*join.left, common);
  if (const auto* unnest = std::get_if<Unnest>(&join.right->node)) {
    const bool fits =
        (join.kind == Join::Kind::kCross ||
         ((join.kind == Join::Kind::kLeft || join.kind == Join::Kind::kInner) && join.on && IsTrue(*join.on)));
    if (!fits) {
      ReportUnsupported(diagnostics_, range,
                        "UNNEST is joined by CROSS JOIN UNNEST(…) or LEFT JOIN UNNEST(…) ON TRUE; other joins with it "
                        "are not supported");
    }
    if (!left) return std::nullopt;
    return BindUnnest(*std::move(left), *unnest, join.kind == Join::Kind::kLeft, join.right->range);
  }
  std::optional<Relation> right = BindReference(*join.right, common);
  if (!left || !right) return std::nullopt;
  std::optional<Relation> both = JoinOf(*std::move(left), *std::move(right), range, JoinWord(join));
  if (both && join.on) {
    QueryHook hook(*this, both->scope, common, "ON");
    ExpressionBinder(both->scope, session_, diagnostics_, &hook).BindCondition(*join.on, "ON");
  }
  return both;
}

// Never planned: the columns of both sides are in sight, so that what else is wrong is found too.
std::optional<Relation> QueryBinder::JoinOf(Relation left, Relation right, const SourceRange& range,
                                            std::string_view what) {
  ReportUnsupported(diagnostics_, range, what,
                    " is not supported: this version reads one table at a time; UNION ALL and UNNEST are there");
  LogicalNode both;
  both.node.mutable_union_();
  both.inputs = {{left.node, ""}, {right.node, ""}};
  both.bounded = left.node->bounded && right.node->bounded;
  UniqueNames names;
  Relation relation;
  for (const Relation* side : {&left, &right}) {
    relation.scope.open = relation.scope.open || side->scope.open;
    relation.scope.unknown.insert(relation.scope.unknown.end(), side->scope.unknown.begin(), side->scope.unknown.end());
    for (ScopeColumn column : side->scope.columns) {
      column.plan_column = names.Take(column.plan_column);
      both.columns.push_back({column.plan_column, column.type, column.row_time});
      relation.scope.columns.push_back(std::move(column));
    }
  }
  relation.node = plan_.Add(std::move(both));
  return relation;
}

}  // namespace millrace::sql
