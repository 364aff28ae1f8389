#include "coordinator/plan/plan_json.h"

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/coordinator/plan/fake_connectors.h"

namespace millrace {
namespace {

std::string Message(std::string_view json) {
  absl::StatusOr<v1::Plan> plan = ReadPlanJson(json);
  EXPECT_FALSE(plan.ok());
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(plan.status().message());
}

TEST(PlanJson, WhatIsWrittenIsReadBack) {
  for (const char* name : {"clicks", "orders", "sensors"}) {
    std::ifstream file(std::string(MILLRACE_SOURCE_DIR) + "/examples/" + name + ".json");
    std::stringstream text;
    text << file.rdbuf();
    const v1::Plan plan = PlanOf(text.str());
    EXPECT_EQ(plan.name(), name);
    absl::StatusOr<std::string> json = WritePlanJson(plan);
    ASSERT_TRUE(json.ok()) << json.status();
    EXPECT_NE(json->find("window_aggregate"), std::string::npos) << "fields are named as in plan.proto";
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(PlanOf(*json), plan));
  }
}

TEST(PlanJson, AnAbsentLiteralStaysNull) {
  const v1::Plan plan = PlanOf(R"({"nodes":[{"filter":{"condition":{"literal":{"type":"INT"}}}},
                                            {"filter":{"condition":{"literal":{"type":"STRING","value":""}}}}]})");
  const v1::Plan again = PlanOf(*WritePlanJson(plan));
  EXPECT_FALSE(again.nodes(0).filter().condition().literal().has_value());
  EXPECT_TRUE(again.nodes(1).filter().condition().literal().has_value());
}

TEST(PlanJson, AnUnknownFieldIsRefused) {
  const std::string message = Message(R"({"name": "a", "nodes": [{"uid": "x", "sauce": {}}]})");
  EXPECT_NE(message.find("sauce"), std::string::npos) << message;
  EXPECT_NE(message.find("nodes[0]"), std::string::npos) << message;
  EXPECT_NE(message.find("docs/plan.md"), std::string::npos) << message;
  EXPECT_EQ(Message(R"({"nodes": [{"inputs": [{"form": "x"}]}]})"),
            "read the plan: nodes[0].inputs[0]: there is no field 'form'; did you mean 'from'? (docs/plan.md lists every field)");
  EXPECT_EQ(Message(R"({"nodes": [{"filter": {}, "sink": {}}]})"),
            "read the plan: nodes[0]: 'sink' is one kind too many, for another is set already; remove one of them "
            "(docs/plan.md lists every field)");
}

TEST(PlanJson, AValueOfTheWrongTypeNamesItsField) {
  EXPECT_EQ(Message(R"({"parallelism": "many"})"),
            "read the plan: parallelism: \"many\" is not a whole number from 0 (docs/plan.md lists every field)");
  EXPECT_EQ(Message(R"({"nodes": [{"source": {"bad_record_limit": {"percent": "few"}}}]})"),
            "read the plan: nodes[0].source.bad_record_limit.percent: \"few\" is not a number (docs/plan.md lists every field)");
}

TEST(PlanJson, AMistakeOfSyntaxHasALineAndAColumn) {
  EXPECT_EQ(Message("{\n  \"name\": \"a\",\n  \"nodes\" []\n}"),
            "read the plan: line 3, column 11: Expected : between key:value pair (docs/plan.md lists every field)");
}

TEST(PlanJson, GarbageIsRefused) {
  for (const char* json : {"", "[]", "nonsense", "{", "{} {}"}) EXPECT_FALSE(ReadPlanJson(json).ok()) << json;
}

}  // namespace
}  // namespace millrace
