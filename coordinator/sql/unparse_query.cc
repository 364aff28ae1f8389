#include <utility>

#include "base/error.h"
#include "coordinator/sql/unparse_parts.h"

namespace millrace::sql {
namespace {

using unparse::Binding;
using unparse::Write;

std::string Alias(const std::optional<TableAlias>& alias) {
  return alias ? Cat(" AS ", Unparse(alias->name), Write(alias->columns)) : "";
}

template <typename T, typename F>
std::string Joined(const std::vector<T>& parts, const F& write) {
  std::string out;
  for (const T& part : parts) out += Cat(out.empty() ? "" : ", ", write(part));
  return out;
}

std::string Table(const TableReference& table);

struct TableWriter {
  std::string operator()(const NamedTable& table) const {
    std::string out = Unparse(table.name);
    if (!table.hints.empty()) out += Cat(" ", Write(table.hints));
    if (out.ends_with(' ')) out.pop_back();
    if (table.system_time) out += Cat(" FOR SYSTEM_TIME AS OF ", Write(*table.system_time, Binding::kSum));
    return out + Alias(table.alias);
  }
  std::string operator()(const DerivedTable& table) const {
    return Cat(table.lateral ? "LATERAL (" : "(", Unparse(*table.query), ")", Alias(table.alias));
  }
  std::string operator()(const TableFunction& table) const {
    return Cat(table.lateral ? "LATERAL TABLE(" : "TABLE(", Write(table.call), ")", Alias(table.alias));
  }
  std::string operator()(const Unnest& unnest) const {
    return Cat(unnest.lateral ? "LATERAL UNNEST(" : "UNNEST(", Write(unnest.collections), ")",
               unnest.with_ordinality ? " WITH ORDINALITY" : "", Alias(unnest.alias));
  }
  std::string operator()(const Join& join) const {
    constexpr std::string_view kKinds[] = {"JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN"};
    std::string right = Table(*join.right);
    if (std::holds_alternative<Join>(join.right->node)) right = Cat("(", right, ")");
    std::string out =
        Cat(Table(*join.left), join.natural ? " NATURAL " : " ", kKinds[static_cast<int>(join.kind)], " ", right);
    if (join.on) out += Cat(" ON ", Unparse(*join.on));
    if (!join.using_columns.empty()) out += Cat(" USING ", Write(join.using_columns));
    return out;
  }
};

std::string Table(const TableReference& table) { return std::visit(TableWriter{}, table.node); }

std::string Item(const SelectItem& item) {
  if (const auto* star = std::get_if<Star>(&item.value)) return star->table ? Unparse(*star->table) + ".*" : "*";
  return Cat(Unparse(std::get<Expression>(item.value)), item.alias ? " AS " + Unparse(*item.alias) : "");
}

std::string Grouping(const GroupingElement& element) {
  switch (element.kind) {
    case GroupingElement::Kind::kEmpty:
      return "()";
    case GroupingElement::Kind::kCube:
      return Cat("CUBE (", Write(element.expressions), ")");
    case GroupingElement::Kind::kRollup:
      return Cat("ROLLUP (", Write(element.expressions), ")");
    case GroupingElement::Kind::kGroupingSets:
      return Cat("GROUPING SETS (", Joined(element.elements, Grouping), ")");
    case GroupingElement::Kind::kExpression:
      return Unparse(element.expressions[0]);
  }
  return "";
}

bool HasClauses(const Query& query) {
  return !query.with.empty() || !query.order_by.empty() || query.limit || query.offset;
}

struct BodyWriter {
  std::string operator()(const Select& select) const {
    std::string out =
        Cat("SELECT ", Write(select.hints), select.distinct ? "DISTINCT " : "", Joined(select.items, Item));
    if (!select.from.empty()) out += Cat(" FROM ", Joined(select.from, Table));
    if (select.where) out += Cat(" WHERE ", Unparse(*select.where));
    if (!select.group_by.empty()) out += Cat(" GROUP BY ", Joined(select.group_by, Grouping));
    if (select.having) out += Cat(" HAVING ", Unparse(*select.having));
    if (!select.windows.empty()) {
      out += Cat(" WINDOW ", Joined(select.windows, [](const NamedWindow& window) {
                   return Cat(Unparse(window.name), " AS ", Write(window.window));
                 }));
    }
    return out;
  }
  std::string operator()(const Values& values) const {
    return Cat("VALUES ", Joined(values.rows, [](const Expression& row) {
                 return std::holds_alternative<RowConstructor>(row.node) ? Unparse(row) : Cat("(", Unparse(row), ")");
               }));
  }
  std::string operator()(const ExplicitTable& table) const { return Cat("TABLE ", Unparse(table.name)); }
  std::string operator()(const SetOperation& operation) const {
    constexpr std::string_view kWords[] = {" UNION ", " INTERSECT ", " EXCEPT "};
    const int level = LevelOf(operation);
    return Cat(Side(*operation.left, level), kWords[static_cast<int>(operation.kind)], operation.all ? "ALL " : "",
               Side(*operation.right, level + 1));
  }
  std::string operator()(const Box<Query>& query) const { return Cat("(", Unparse(*query), ")"); }

  static int LevelOf(const SetOperation& operation) { return operation.kind == SetOperation::Kind::kIntersect ? 1 : 0; }
  static std::string Side(const Query& query, int least) {
    const auto* operation = std::get_if<SetOperation>(&query.body);
    const bool loose = operation != nullptr && LevelOf(*operation) < least;
    return HasClauses(query) || loose ? Cat("(", Unparse(query), ")") : Unparse(query);
  }
};

}  // namespace

std::string Unparse(const Query& query) {
  std::string out;
  for (const CommonTable& table : query.with) {
    out += Cat(out.empty() ? "WITH " : ", ", Unparse(table.name), Write(table.columns), " AS (", Unparse(*table.query),
               ")");
  }
  if (!out.empty()) out += " ";
  out += std::visit(BodyWriter{}, query.body);
  if (!query.order_by.empty()) out += Cat(" ORDER BY ", Write(query.order_by));
  if (query.limit) out += Cat(" LIMIT ", Unparse(*query.limit));
  if (query.offset) out += Cat(" OFFSET ", Unparse(*query.offset));
  return out;
}

}  // namespace millrace::sql
