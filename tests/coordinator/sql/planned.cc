#include "tests/coordinator/sql/planned.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "coordinator/plan/physical_planner.h"
#include "coordinator/plan/plan_graph.h"
#include "coordinator/plan/plan_relations.h"
#include "coordinator/sql/create_table.h"
#include "coordinator/sql/parser.h"

namespace millrace::sql {
namespace {

std::string Joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) absl::StrAppend(&text, text.empty() ? "" : ", ", part);
  return text;
}

std::vector<std::string> TextsOf(const google::protobuf::RepeatedPtrField<v1::NamedExpression>& columns) {
  std::vector<std::string> texts;
  for (const v1::NamedExpression& column : columns) {
    const std::string text = TextOf(column.expression());
    texts.push_back(text == column.name() ? text : Cat(column.name(), " = ", text));
  }
  return texts;
}

std::vector<std::string> TextsOf(const google::protobuf::RepeatedPtrField<v1::Aggregate>& aggregates) {
  std::vector<std::string> texts;
  for (const v1::Aggregate& own : aggregates) {
    texts.push_back(Cat(own.name(), " = ", own.function(), "(", own.distinct() ? "DISTINCT " : "", own.column(), ")",
                        own.filter().empty() ? "" : Cat(" if ", own.filter())));
  }
  return texts;
}

template <typename Names>
std::string NamesOf(const Names& names) {
  return Joined(std::vector<std::string>(names.begin(), names.end()));
}

std::string KindText(const v1::Node& node) {
  switch (node.kind_case()) {
    case v1::Node::kSource: {
      std::vector<std::string> parts;
      if (node.source().connector() == "values") parts.push_back(node.source().options().at("rows"));
      for (const std::string& text : TextsOf(node.source().computed())) parts.push_back(text);
      if (node.source().has_watermark()) parts.push_back(Cat("watermark ", node.source().watermark().column()));
      std::string text = Cat("source ", node.source().connector(), " ", Joined(parts));
      std::replace(text.begin(), text.end(), '\n', ' ');
      while (text.ends_with(' ')) text.pop_back();
      return text;
    }
    case v1::Node::kFilter:
      return Cat("filter ", TextOf(node.filter().condition()));
    case v1::Node::kProject:
      return Cat("project ", Joined(TextsOf(node.project().columns())));
    case v1::Node::kWindowAggregate: {
      const v1::WindowAggregate& window = node.window_aggregate();
      return Cat("tumble ", window.time_column(), " ", window.size_ms(), " ms",
                 window.offset_ms() == 0 ? "" : Cat(" + ", window.offset_ms()), " by (", NamesOf(window.keys()),
                 "): ", Joined(TextsOf(window.aggregates())));
    }
    case v1::Node::kGroupAggregate:
      return Cat("group by (", NamesOf(node.group_aggregate().keys()),
                 "): ", Joined(TextsOf(node.group_aggregate().aggregates())));
    case v1::Node::kSort: {
      std::vector<std::string> keys;
      for (const v1::SortKey& key : node.sort().keys()) {
        keys.push_back(Cat(key.column(), key.descending() ? " DESC" : "", key.nulls_last() ? " NULLS LAST" : ""));
      }
      return Cat("sort ", Joined(keys), node.sort().offset() == 0 ? "" : Cat(" offset ", node.sort().offset()),
                 node.sort().has_limit() ? Cat(" limit ", node.sort().limit()) : "");
    }
    case v1::Node::kUnnest:
      return Cat("unnest ", node.unnest().column(), " as ", NamesOf(node.unnest().names()),
                 node.unnest().ordinality() ? " ordinality" : "", node.unnest().outer() ? " outer" : "");
    case v1::Node::kUnion:
      return "union";
    case v1::Node::kSink:
      return Cat("sink ", node.sink().connector(),
                 node.sink().partition_by().empty() ? "" : Cat(" by ", NamesOf(node.sink().partition_by())));
    default:
      return "nothing";
  }
}

}  // namespace

void Declare(const std::string& sql, Catalog& catalog) {
  ParseResult parsed = Parse(sql);
  std::vector<Diagnostic> diagnostics = parsed.diagnostics;
  for (const Statement& statement : parsed.script.statements) {
    if (const auto* create = std::get_if<CreateTable>(&statement.node)) {
      catalog.Put(DeclareTable(*create, catalog, {}, diagnostics));
    }
    if (const auto* create = std::get_if<CreateView>(&statement.node)) {
      catalog.Put(View{create->name.range, create->name.parts.back().text, false, create->columns, create->query,
                       std::nullopt});
    }
  }
  ASSERT_TRUE(diagnostics.empty()) << RenderDiagnostics(diagnostics, sql);
}

Planned PlanOf(const std::string& sql, const Catalog& catalog, const Session& session) {
  Planned planned;
  ParseResult parsed = Parse(sql);
  planned.diagnostics = parsed.diagnostics;
  Planner planner(catalog, session);
  for (const Statement& statement : parsed.script.statements) {
    if (const auto* query = std::get_if<Query>(&statement.node))
      planned.columns = planner.AddSelect(*query, planned.diagnostics);
    if (const auto* insert = std::get_if<Insert>(&statement.node)) planner.AddInsert(*insert, planned.diagnostics);
    if (const auto* set = std::get_if<StatementSet>(&statement.node)) {
      for (const Insert& insert : set->inserts) planner.AddInsert(insert, planned.diagnostics);
    }
  }
  planned.plan = planner.Finish();
  planned.plan.set_name("test");
  return planned;
}

std::string TextOf(const std::vector<ResultColumn>& columns) {
  std::vector<std::string> texts;
  for (const ResultColumn& column : columns) texts.push_back(Cat(column.name, " ", column.type.sql));
  return Joined(texts);
}

std::string TextOf(const v1::Plan& plan) {
  std::string text;
  for (const v1::Node& node : plan.nodes()) {
    std::vector<std::string> inputs;
    for (const v1::Edge& edge : node.inputs())
      inputs.push_back(Cat(edge.from(), edge.output().empty() ? "" : ".", edge.output()));
    absl::StrAppend(&text, text.empty() ? "" : "\n", node.uid(), ": ", KindText(node), inputs.empty() ? "" : " <- ",
                    Joined(inputs));
  }
  return text;
}

std::string TextOf(const v1::Expression& expression) {
  switch (expression.kind_case()) {
    case v1::Expression::kColumn:
      return expression.column();
    case v1::Expression::kLiteral: {
      std::string type = expression.literal().type();
      if (std::string_view(type).ends_with(" NOT NULL")) type.resize(type.size() - 9);
      return Cat(type, " ", expression.literal().has_value() ? Cat("'", expression.literal().value(), "'") : "NULL");
    }
    case v1::Expression::kCall: {
      std::vector<std::string> arguments;
      for (const v1::Expression& argument : expression.call().args()) arguments.push_back(TextOf(argument));
      return Cat(expression.call().function(), "(", Joined(arguments), ")",
                 expression.call().zone().empty() ? "" : Cat(" in ", expression.call().zone()));
    }
    case v1::Expression::kCast:
      return Cat(expression.cast().mode() == v1::CAST_MODE_TRY ? "TRY_CAST(" : "CAST(",
                 TextOf(expression.cast().operand()), " AS ", expression.cast().type(), ")",
                 expression.cast().zone().empty() ? "" : Cat(" in ", expression.cast().zone()));
    default:
      return "nothing";
  }
}

std::string MistakesOf(const v1::Plan& plan) {
  Diagnostics diagnostics;
  const PlanGraph graph = PlanGraph::Make(plan, diagnostics);
  if (diagnostics.list().empty()) DeriveRelations(plan, graph, nullptr, diagnostics);
  std::string text;
  for (const v1::Diagnostic& diagnostic : diagnostics.list())
    absl::StrAppend(&text, diagnostic.field(), ": ", diagnostic.message(), "\n");
  if (!text.empty()) return text;
  const absl::Status physical = MakePhysicalPlan(plan, /*parallelism=*/2).status();
  return physical.ok() ? "" : std::string(physical.message());
}

}  // namespace millrace::sql
