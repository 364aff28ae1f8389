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

// Two sources → union → group and sort; elements of the first: nodes 0 … 9.
constexpr const char* kBounded = R"json({
  "format_version": 1, "name": "bounded",
  "nodes": [
    {"uid": "a", "source": {"connector": "fake_source",
      "columns": [{"name": "id", "type": "BIGINT NOT NULL"}, {"name": "user", "type": "STRING"}, {"name": "tags", "type": "ARRAY<STRING NOT NULL>"}],
      "computed": [{"name": "big", "expression": {"call": {"function": "greater",
        "args": [{"column": "id"}, {"literal": {"type": "BIGINT", "value": "5"}}]}}}]}},
    {"uid": "b", "source": {"connector": "kafka",
      "columns": [{"name": "number", "type": "BIGINT"}, {"name": "who", "type": "STRING"}, {"name": "ok", "type": "BOOLEAN"},
                  {"name": "at", "type": "TIMESTAMP(3)"}], "watermark": {"column": "at"}}},
    {"uid": "pa", "inputs": [{"from": "a"}], "project": {"columns": [{"name": "id", "expression": {"column": "id"}},
      {"name": "user", "expression": {"column": "user"}}, {"name": "big", "expression": {"column": "big"}}]}},
    {"uid": "pb", "inputs": [{"from": "b"}], "project": {"columns": [{"name": "number", "expression": {"column": "number"}},
      {"name": "who", "expression": {"column": "who"}}, {"name": "ok", "expression": {"column": "ok"}}]}},
    {"uid": "all", "inputs": [{"from": "pa"}, {"from": "pb"}], "union": {}},
    {"uid": "sums", "inputs": [{"from": "all"}], "group_aggregate": {"keys": ["user"], "aggregates": [
      {"function": "count", "name": "n"}, {"function": "sum", "column": "id", "distinct": true, "filter": "big", "name": "total"}]}},
    {"uid": "best", "inputs": [{"from": "sums"}], "sort": {"keys": [{"column": "total", "descending": true, "nulls_last": true}],
      "offset": 1, "limit": 10}},
    {"uid": "out", "inputs": [{"from": "best"}], "sink": {"connector": "fake_sink"}},
    {"uid": "words", "inputs": [{"from": "a"}], "unnest": {"column": "tags", "names": ["tag", "place"], "ordinality": true}},
    {"uid": "tags", "inputs": [{"from": "words"}], "sink": {"connector": "fake_sink"}}]})json";

v1::GroupAggregate& Group(v1::Plan& p) { return *p.mutable_nodes(5)->mutable_group_aggregate(); }
v1::Sort& SortOf(v1::Plan& p) { return *p.mutable_nodes(6)->mutable_sort(); }
v1::Unnest& UnnestOf(v1::Plan& p) { return *p.mutable_nodes(8)->mutable_unnest(); }

const Mistake kBoundedMistakes[] = {
#include "tests/coordinator/plan/bounded_mistakes.inc"
};

TEST(PlanValidator, EveryMistakeAroundWhatWaitsForTheEndIsToldToo) {
  EXPECT_EQ(TextOf(ValidatePlan(PlanOf(kBounded), FakeConnectors())), "");
  for (const Mistake& mistake : kBoundedMistakes) {
    v1::Plan plan = PlanOf(kBounded);
    mistake.make(plan);
    EXPECT_EQ(TextOf(ValidatePlan(plan, FakeConnectors())), mistake.expected);
  }
}

}  // namespace
}  // namespace millrace
