// The plan's two frozen forms: JSON that people write, and the bytes that records and manifests hold. Every field of
// version 1.
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "coordinator/plan/plan_json.h"
#include "tests/golden/golden_hex.h"

namespace millrace {
namespace {

constexpr const char* kEveryField = R"({"format_version": 1, "name": "golden", "parallelism": 3,
  "checkpoint": {"interval_ms": 1000, "timeout_ms": 60000, "tolerable_failures": 4, "retained": 2},
  "restart": {"initial_backoff_ms": 100, "max_backoff_ms": 10000, "reset_after_ms": 30000, "max_restarts": 5},
  "nodes": [
    {"uid": "src", "source": {"connector": "kafka", "options": {"topic": "t"},
      "columns": [{"name": "k", "type": "STRING NOT NULL"}, {"name": "t", "type": "TIMESTAMP_LTZ(3) NOT NULL"},
                  {"name": "x", "type": "BIGINT", "metadata": "offset"}],
      "watermark": {"column": "t", "max_out_of_orderness_ms": 5000, "idle_timeout_ms": 60000}}},
    {"uid": "some", "inputs": [{"from": "src", "changelog_mode": "CHANGELOG_MODE_APPEND"}],
     "filter": {"condition": {"call": {"function": ">", "args": [
        {"column": "x"}, {"literal": {"type": "BIGINT", "value": "5"}}]}}}},
    {"uid": "fewer", "inputs": [{"from": "some"}],
     "project": {"columns": [{"name": "k", "expression": {"column": "k"}}, {"name": "t", "expression": {"column": "t"}},
                             {"name": "x", "expression": {"cast": {"operand": {"column": "x"}, "type": "BIGINT"}}}]}},
    {"uid": "per_k", "inputs": [{"from": "fewer"}],
     "window_aggregate": {"time_column": "t", "size_ms": 60000, "offset_ms": 1000, "zone": "UTC", "keys": ["k"],
        "aggregates": [{"function": "count", "name": "n"}, {"function": "sum", "column": "x", "name": "total"}]}},
    {"uid": "out", "inputs": [{"from": "per_k"}],
     "sink": {"connector": "delta", "options": {"table-path": "/tables/out"}, "partition_by": ["k"]}},
    {"uid": "late", "inputs": [{"from": "per_k", "output": "late"}],
     "sink": {"connector": "delta", "options": {"table-path": "/tables/late"}}}
  ]})";

TEST(GoldenPlan, JsonAndBytesOfVersionOneMeanWhatTheyEverDid) {
  absl::StatusOr<v1::Plan> plan = ReadPlanJson(kEveryField);
  ASSERT_TRUE(plan.ok()) << plan.status();
  // One option per map: its order in the bytes is not ours.
  const std::string bytes = GoldenBytes("plan_v1.hex", plan->SerializeAsString());
  EXPECT_EQ(absl::BytesToHexString(plan->SerializeAsString()), absl::BytesToHexString(bytes));
  v1::Plan read;
  ASSERT_TRUE(read.ParseFromString(bytes));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(read, *plan)) << read.DebugString();
  absl::StatusOr<std::string> json = WritePlanJson(read);
  ASSERT_TRUE(json.ok()) << json.status();
  absl::StatusOr<v1::Plan> again = ReadPlanJson(*json);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*again, *plan)) << *json;
}

}  // namespace
}  // namespace millrace
