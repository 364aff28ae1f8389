#include "coordinator/plan/plan_validator.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <sstream>

#include "tests/coordinator/plan/fake_connectors.h"

namespace millrace {
namespace {

// source → filter → project → window → sink, late rows and dead letters kept: nodes 0 … 6.
constexpr const char* kGood = R"json({
  "format_version": 1, "name": "good",
  "nodes": [
    {"uid": "src", "source": {"connector": "fake_source",
      "columns": [{"name": "user_id", "type": "STRING NOT NULL"}, {"name": "url", "type": "STRING"},
                  {"name": "amount", "type": "DECIMAL(10, 2)"}, {"name": "tags", "type": "ARRAY<STRING>"},
                  {"name": "at", "type": "TIMESTAMP_LTZ(3) NOT NULL"}, {"name": "exact", "type": "TIMESTAMP_LTZ(6)"}],
      "watermark": {"column": "at", "max_out_of_orderness_ms": 1000}}},
    {"uid": "keep", "inputs": [{"from": "src"}], "filter": {"condition": {"call": {"function": "greater",
      "args": [{"column": "amount"}, {"literal": {"type": "DECIMAL(10, 2)", "value": "1.50"}}]}}}},
    {"uid": "shape", "inputs": [{"from": "keep"}], "project": {"columns": [
      {"name": "user", "expression": {"column": "user_id"}}, {"name": "amount", "expression": {"column": "amount"}},
      {"name": "tags", "expression": {"column": "tags"}}, {"name": "exact", "expression": {"column": "exact"}},
      {"name": "n", "expression": {"cast": {"operand": {"column": "url"}, "type": "INT"}}},
      {"name": "time", "expression": {"column": "at"}}]}},
    {"uid": "agg", "inputs": [{"from": "shape"}], "window_aggregate": {"time_column": "time", "size_ms": 10000, "keys": ["user"],
      "aggregates": [{"function": "count", "name": "rows"}, {"function": "sum", "column": "amount", "name": "total"}]}},
    {"uid": "out", "inputs": [{"from": "agg"}], "sink": {"connector": "fake_sink", "partition_by": ["user"]}},
    {"uid": "late", "inputs": [{"from": "agg", "output": "late"}], "sink": {"connector": "fake_sink"}},
    {"uid": "dead", "inputs": [{"from": "src", "output": "dead_letter"}], "sink": {"connector": "fake_sink"}}]})json";

std::string TextOf(const std::vector<v1::Diagnostic>& diagnostics) {
  std::string text;
  for (const v1::Diagnostic& diagnostic : diagnostics) text += diagnostic.field() + ": " + diagnostic.message() + "\n";
  return text;
}

TEST(PlanValidator, AGoodPlanHasNoDiagnostics) { EXPECT_EQ(TextOf(ValidatePlan(PlanOf(kGood), FakeConnectors())), ""); }

TEST(PlanValidator, TheExamplesAreValid) {
  for (const char* name : {"clicks", "orders", "sensors"}) {
    std::ifstream file(std::string(MILLRACE_SOURCE_DIR) + "/examples/" + name + ".json");
    std::stringstream text;
    text << file.rdbuf();
    EXPECT_EQ(TextOf(ValidatePlan(PlanOf(text.str()), FakeConnectors())), "") << name;
  }
}

TEST(PlanValidator, AnEmptyPlanIsTold) {
  EXPECT_EQ(TextOf(ValidatePlan(v1::Plan(), FakeConnectors())),
            "format_version: this version reads format 1, not 0; set format_version to 1\n"
            "name: '' is not a name; use a lower-case letter, then up to 62 of a-z, 0-9, '_' and '-'\n"
            "nodes: the plan has no sink; add one that takes the result\n");
}

struct Mistake {
  std::function<void(v1::Plan&)> make;
  // All diagnostics: one mistake is told once.
  const char* expected;
};

v1::Expression& Condition(v1::Plan& p) { return *p.mutable_nodes(1)->mutable_filter()->mutable_condition(); }
v1::WindowAggregate& Window(v1::Plan& p) { return *p.mutable_nodes(3)->mutable_window_aggregate(); }
v1::Source& SourceOf(v1::Plan& p) { return *p.mutable_nodes(0)->mutable_source(); }
v1::NamedExpression& Projected(v1::Plan& p, int i) { return *p.mutable_nodes(2)->mutable_project()->mutable_columns(i); }

const Mistake kMistakes[] = {
#include "tests/coordinator/plan/mistakes.inc"
};

TEST(PlanValidator, EveryMistakeIsToldOnceWithItsFieldAndWhatToDo) {
  for (const Mistake& mistake : kMistakes) {
    v1::Plan plan = PlanOf(kGood);
    mistake.make(plan);
    EXPECT_EQ(TextOf(ValidatePlan(plan, FakeConnectors())), mistake.expected);
  }
}

}  // namespace
}  // namespace millrace
