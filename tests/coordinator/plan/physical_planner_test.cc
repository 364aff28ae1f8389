#include "coordinator/plan/physical_planner.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "coordinator/plan/explain.h"
#include "tests/coordinator/plan/fake_connectors.h"

namespace millrace {
namespace {

std::string ReadFile(const std::string& name) {
  std::ifstream file(std::string(MILLRACE_SOURCE_DIR) + "/" + name);
  EXPECT_TRUE(file.good()) << name;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

internal::v1::PhysicalPlan Physical(const std::string& json, uint32_t parallelism = 0) {
  absl::StatusOr<internal::v1::PhysicalPlan> physical = MakePhysicalPlan(PlanOf(json), parallelism);
  EXPECT_TRUE(physical.ok()) << physical.status();
  return physical.ok() ? *physical : internal::v1::PhysicalPlan();
}

// MILLRACE_WRITE_GOLDEN=1 writes the files anew; read the difference before you commit it.
void ExpectGolden(const std::string& golden, internal::v1::PhysicalPlan physical) {
  std::string text = Explain(physical) + "\n";
  physical.clear_plan();
  text += physical.DebugString();
  const std::string name = "tests/coordinator/plan/golden/" + golden;
  if (std::getenv("MILLRACE_WRITE_GOLDEN") != nullptr) {
    std::ofstream(std::string(MILLRACE_SOURCE_DIR) + "/" + name) << text;
  }
  EXPECT_EQ(text, ReadFile(name));
}

// No window: one stage, every column.
constexpr const char* kCopy = R"({"format_version": 1, "name": "copy", "nodes": [
  {"uid": "src", "source": {"connector": "fake_source", "options": {"sasl.password": "hunter2", "topic": "t"},
    "columns": [{"name": "a", "type": "int"}, {"name": "b", "type": "string not null"}]}},
  {"uid": "out", "inputs": [{"from": "src"}], "sink": {"connector": "fake_sink"}}]})";

TEST(PhysicalPlanner, Clicks) { ExpectGolden("clicks.txt", Physical(ReadFile("examples/clicks.json"))); }
TEST(PhysicalPlanner, Orders) { ExpectGolden("orders.txt", Physical(ReadFile("examples/orders.json"), 3)); }
TEST(PhysicalPlanner, Sensors) { ExpectGolden("sensors.txt", Physical(ReadFile("examples/sensors.json"))); }
TEST(PhysicalPlanner, Copy) { ExpectGolden("copy.txt", Physical(kCopy)); }

TEST(PhysicalPlanner, SecretsAreNotExplained) {
  const std::string text = Explain(Physical(kCopy));
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
  EXPECT_NE(text.find("sasl.password = ****"), std::string::npos) << text;
}

std::vector<std::string> UsedColumnsOf(const v1::Plan& plan) {
  absl::StatusOr<internal::v1::PhysicalPlan> physical = MakePhysicalPlan(plan, 1);
  EXPECT_TRUE(physical.ok()) << physical.status();
  const auto& source = physical->stages(0).nodes(0);
  EXPECT_EQ(source.used_columns_size(), source.output_schemas(0).columns_size());
  return {source.used_columns().begin(), source.used_columns().end()};
}

using Names = std::vector<std::string>;

TEST(PhysicalPlanner, AWindowWithoutLateOutputReadsOnlyWhatItNeeds) {
  v1::Plan plan = PlanOf(ReadFile("tests/coordinator/plan/clicks_windows.json"));
  EXPECT_EQ(UsedColumnsOf(plan), (Names{"user_id", "url", "amount", "event_time"})) << "late rows need all";
  plan.mutable_nodes()->DeleteSubrange(3, 1);
  EXPECT_EQ(UsedColumnsOf(plan), (Names{"user_id", "amount", "event_time"}));
  plan.mutable_nodes(1)->mutable_window_aggregate()->clear_keys();
  plan.mutable_nodes(1)->mutable_window_aggregate()->mutable_aggregates()->RemoveLast();
  EXPECT_EQ(UsedColumnsOf(plan), (Names{"event_time"}));
}

TEST(PhysicalPlanner, LateRowsAreTheInputAndTwoColumnsWhetherReadOrNot) {
  v1::Plan plan = PlanOf(ReadFile("tests/coordinator/plan/clicks_windows.json"));
  for (int64_t num_inputs : {4, 3}) {
    absl::StatusOr<internal::v1::PhysicalPlan> physical = MakePhysicalPlan(plan, 1);
    ASSERT_TRUE(physical.ok()) << physical.status();
    const auto& window = physical->stages(1).nodes(0);
    EXPECT_EQ(window.input_schemas(0).columns_size(), num_inputs);
    EXPECT_EQ(window.output_schemas(1).columns_size(), num_inputs + 2);
    plan.mutable_nodes()->DeleteSubrange(3, 1);
  }
}

TEST(PhysicalPlanner, AReaderBesideTheWindowKeepsItsColumns) {
  v1::Plan plan = PlanOf(ReadFile("tests/coordinator/plan/clicks_windows.json"));
  *plan.mutable_nodes(3)->mutable_inputs(0) = plan.nodes(1).inputs(0);
  EXPECT_EQ(UsedColumnsOf(plan), (Names{"user_id", "url", "amount", "event_time"})) << "a sink reads all";
}

TEST(PhysicalPlanner, AConstantProjectionStillDecodesOneColumn) {
  const v1::Plan plan = PlanOf(R"({"format_version": 1, "name": "ones", "nodes": [
    {"uid": "src", "source": {"connector": "fake_source", "columns": [{"name": "a", "type": "INT"}, {"name": "b", "type": "INT"}]}},
    {"uid": "one", "inputs": [{"from": "src"}], "project": {"columns": [
      {"name": "one", "expression": {"literal": {"type": "INT", "value": "1"}}}]}},
    {"uid": "out", "inputs": [{"from": "one"}], "sink": {"connector": "fake_sink"}}]})");
  EXPECT_EQ(UsedColumnsOf(plan), (Names{"a"}));
}

TEST(PhysicalPlanner, TheFingerprintFollowsTheStateAndNothingElse) {
  const v1::Plan plan = PlanOf(ReadFile("tests/coordinator/plan/clicks_windows.json"));
  const auto fingerprint = [](const v1::Plan& p) { return MakePhysicalPlan(p, 1)->stages(1).nodes(0).state_fingerprint(); };
  const std::string original = fingerprint(plan);
  EXPECT_EQ(original,
            "window_aggregate/1 tumbling size_ms=10000 offset_ms=0 zone=UTC keys=[user_id STRING] "
            "aggregates=[count(), sum(amount BIGINT)]");
  v1::Plan changed = plan;
  changed.mutable_nodes(1)->mutable_window_aggregate()->mutable_aggregates(0)->set_name("renamed");
  changed.mutable_nodes(0)->mutable_source()->mutable_watermark()->set_max_out_of_orderness_ms(1);
  EXPECT_EQ(fingerprint(changed), original);
  changed.mutable_nodes(0)->mutable_source()->mutable_columns(2)->set_type("INT");
  EXPECT_NE(fingerprint(changed), original);
}

std::string Message(const absl::StatusOr<internal::v1::PhysicalPlan>& physical) { return std::string(physical.status().message()); }

TEST(PhysicalPlanner, AWrongPlanIsRefusedWithItsFirstMistake) {
  v1::Plan plan = PlanOf(kCopy);
  EXPECT_EQ(Message(MakePhysicalPlan(plan, 721)),
            "plan 'copy' with 721 subtasks: there are only 720 key groups; use at most that many");
  plan.mutable_nodes(1)->mutable_inputs(0)->set_from("sec");
  EXPECT_EQ(Message(MakePhysicalPlan(plan, 1)),
            "plan 'copy' is not valid: nodes[1].inputs[0].from: there is no node 'sec'; did you mean 'src'?");
}

}  // namespace
}  // namespace millrace
