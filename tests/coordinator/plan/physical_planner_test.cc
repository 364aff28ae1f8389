#include "coordinator/plan/physical_planner.h"

#include <gmock/gmock.h>
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

// Two sources of which each has more than the union takes; DISTINCT; a sort at the end.
constexpr const char* kBounded = R"({"format_version": 1, "name": "bounded", "nodes": [
  {"uid": "a", "source": {"connector": "fake_source",
    "columns": [{"name": "id", "type": "BIGINT NOT NULL"}, {"name": "user", "type": "STRING"}, {"name": "text", "type": "STRING"},
                {"name": "unread", "type": "STRING"}, {"name": "tags", "type": "ARRAY<ROW<t STRING, `n,o` INT NOT NULL>>"}],
    "computed": [{"name": "long", "expression": {"call": {"function": "char_length", "args": [{"column": "text"}]}}},
                 {"name": "longer", "expression": {"call": {"function": "char_length", "args": [{"column": "unread"}]}}}]}},
  {"uid": "b", "source": {"connector": "fake_source",
    "columns": [{"name": "number", "type": "BIGINT"}, {"name": "who", "type": "STRING"}, {"name": "x", "type": "STRING"},
                {"name": "y", "type": "STRING"}, {"name": "z", "type": "ARRAY<ROW<t STRING, `n,o` INT NOT NULL>>"},
                {"name": "l", "type": "INT"}, {"name": "ll", "type": "INT"}]}},
  {"uid": "some", "inputs": [{"from": "b"}], "filter": {"condition": {"call": {"function": "is_null", "args": [{"column": "y"}]}}}},
  {"uid": "all", "inputs": [{"from": "a"}, {"from": "some"}], "union": {}},
  {"uid": "elements", "inputs": [{"from": "all"}], "unnest": {"column": "tags", "names": ["t", "no"], "outer": true}},
  {"uid": "sums", "inputs": [{"from": "elements"}], "group_aggregate": {"keys": ["user", "t"], "aggregates": [
    {"function": "max", "column": "id", "distinct": true, "name": "newest"}, {"function": "sum", "column": "long", "name": "letters"}]}},
  {"uid": "once", "inputs": [{"from": "sums"}], "group_aggregate": {"aggregates": [
    {"function": "count", "column": "user", "distinct": true, "name": "users"}]}},
  {"uid": "best", "inputs": [{"from": "sums"}], "sort": {"keys": [{"column": "newest", "descending": true}], "limit": 3}},
  {"uid": "out", "inputs": [{"from": "best"}], "sink": {"connector": "fake_sink"}},
  {"uid": "total", "inputs": [{"from": "once"}], "sink": {"connector": "fake_sink"}}]})";

TEST(PhysicalPlanner, Bounded) { ExpectGolden("bounded.txt", Physical(kBounded, 2)); }

// What the decoder of "in" is asked to decide, as explain tells it. The source has the columns n, m (metadata) and at,
// and what is said here; `nodes`: who reads it.
std::string DecidedByTheDecoder(const std::string& source, const std::string& nodes) {
  const auto physical =
      Physical(R"json({"format_version": 1, "name": "p", "nodes": [{"uid": "in", "source": {"connector": "fake_source",
    "columns": [{"name": "n", "type": "INT"}, {"name": "m", "type": "BIGINT", "metadata": "offset"}, {"name": "at", "type": "TIMESTAMP(3)"}]
    )json" + source +
               "}}," + nodes + "]}");
  const std::string text = Explain(physical);
  const std::string before = "conditions on ", behind = ", which drop records before they become rows";
  const size_t at = text.find(before), end = text.find(behind);
  return end == text.npos ? "nothing" : text.substr(at + before.size(), end - at - before.size());
}

std::string FilterOn(const std::string& uid, const std::string& column, const std::string& function = "greater") {
  return R"({"uid": ")" + uid + R"(", "inputs": [{"from": "in"}], "filter": {"condition": {"call": {"function": ")" +
         function + R"(", "args": [{"column": ")" + column + R"("}, {"literal": {"type": "INT", "value": "1"}}]}}}},
         {"uid": "out-)" +
         uid + R"(", "inputs": [{"from": ")" + uid + R"("}], "sink": {"connector": "fake_sink"}})";
}

TEST(PhysicalPlanner, TheDecoderDecidesForFiltersThatAloneReadItsSource) {
  const std::string json = R"(, "options": {"format": "json"})";
  EXPECT_EQ(DecidedByTheDecoder(json, FilterOn("a", "n")), "n");
  EXPECT_EQ(DecidedByTheDecoder("", FilterOn("a", "n")), "nothing") << "this source decodes nothing";
  EXPECT_EQ(DecidedByTheDecoder(json, FilterOn("a", "m")), "nothing") << "this is not in what is decoded";
  EXPECT_EQ(DecidedByTheDecoder(json, FilterOn("a", "n") + "," + FilterOn("b", "n", "less")), "n")
      << "what one of them wants";
  EXPECT_EQ(DecidedByTheDecoder(json, FilterOn("a", "n") + "," + FilterOn("b", "m")), "nothing")
      << "b wants to see all";
  EXPECT_EQ(DecidedByTheDecoder(
                json, FilterOn("a", "n") +
                          R"(, {"uid": "all", "inputs": [{"from": "in"}], "sink": {"connector": "fake_sink"}})"),
            "nothing");
  EXPECT_EQ(DecidedByTheDecoder(
                json, FilterOn("a", "n") + R"(, {"uid": "bad", "inputs": [{"from": "in", "output": "dead_letter"}],
                                "sink": {"connector": "fake_sink"}})"),
            "n")
      << "bad records are bad all the same";
}

TEST(PhysicalPlanner, TheDecoderDropsNothingThatIsWantedForWhatIsComputed) {
  const std::string json = R"(, "options": {"format": "json"})";
  auto computed = [&](const std::string& column, const std::string& more) {
    return json + R"(, "computed": [{"name": "c", "expression": )" + column + "}]" + more;
  };
  const std::string sum = R"({"call": {"function": "plus", "args": [{"column": "n"}, {"column": "n"}]}})";
  const std::string quotient = R"({"call": {"function": "divide", "args": [{"column": "n"}, {"column": "n"}]}})";
  const std::string time = R"({"call": {"function": "coalesce", "args": [{"column": "at"}, {"column": "at"}]}})";
  EXPECT_EQ(DecidedByTheDecoder(computed(sum, ""), FilterOn("a", "n")), "n") << "nobody sees a sum that is not there";
  EXPECT_EQ(DecidedByTheDecoder(computed(sum, ""), FilterOn("a", "c")), "nothing");
  EXPECT_EQ(DecidedByTheDecoder(computed(quotient, ""), FilterOn("a", "n")), "nothing")
      << "a division by zero is a bad record";
  EXPECT_EQ(DecidedByTheDecoder(computed(time, R"(, "watermark": {"column": "c"})"), FilterOn("a", "n")), "nothing");
  EXPECT_EQ(DecidedByTheDecoder(computed(time, R"(, "watermark": {"column": "at"})"), FilterOn("a", "n")), "n");
}

// A window over a union needs event time from all of its inputs, under whatever names.
TEST(PhysicalPlanner, AUnionHasTheEventTimeThatAllItsInputsHave) {
  v1::Plan plan = PlanOf(R"json({"format_version": 1, "name": "times", "nodes": [
    {"uid": "a", "source": {"connector": "fake_source", "columns": [{"name": "k", "type": "INT"}, {"name": "at", "type": "TIMESTAMP(3)"}],
      "watermark": {"column": "at"}}},
    {"uid": "b", "source": {"connector": "fake_source", "columns": [{"name": "x", "type": "INT"}, {"name": "time", "type": "TIMESTAMP(3)"}],
      "watermark": {"column": "time"}}},
    {"uid": "all", "inputs": [{"from": "a"}, {"from": "b"}], "union": {}},
    {"uid": "n", "inputs": [{"from": "all"}], "window_aggregate": {"time_column": "at", "size_ms": 1000,
      "aggregates": [{"function": "count", "name": "n"}]}},
    {"uid": "out", "inputs": [{"from": "n"}], "sink": {"connector": "fake_sink"}}]})json");
  absl::StatusOr<internal::v1::PhysicalPlan> physical = MakePhysicalPlan(plan, 1);
  ASSERT_TRUE(physical.ok()) << physical.status();
  ASSERT_EQ(physical->stages_size(), 4);
  for (int source : {0, 1}) EXPECT_EQ(physical->stages(source).nodes(0).used_columns_size(), 1) << "only its time";
  plan.mutable_nodes(1)->mutable_source()->clear_watermark();
  EXPECT_THAT(std::string(MakePhysicalPlan(plan, 1).status().message()), testing::HasSubstr("the input has no event time"));
}

TEST(PhysicalPlanner, AUnionOfWhatOneStageMakesStaysInIt) {
  const auto physical = Physical(R"({"format_version": 1, "name": "twice", "nodes": [
    {"uid": "src", "source": {"connector": "fake_source", "columns": [{"name": "a", "type": "INT"}]}},
    {"uid": "twice", "inputs": [{"from": "src"}, {"from": "src"}], "union": {}},
    {"uid": "out", "inputs": [{"from": "twice"}], "sink": {"connector": "fake_sink"}}]})");
  EXPECT_EQ(physical.stages_size(), 1);
  EXPECT_EQ(physical.exchanges_size(), 0);
  EXPECT_EQ(physical.stages(0).nodes(1).inputs_size(), 2);
}

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
