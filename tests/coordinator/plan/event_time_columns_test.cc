#include "coordinator/plan/event_time_columns.h"

#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "coordinator/plan/plan_validator.h"
#include "tests/coordinator/plan/fake_connectors.h"

namespace millrace {
namespace {

// source → window of a minute → project → another window.
constexpr const char* kPlan = R"json({
  "format_version": 1, "name": "cascade",
  "nodes": [
    {"uid": "src", "source": {"connector": "fake_source",
      "columns": [{"name": "k", "type": "STRING"}, {"name": "at", "type": "$TYPE NOT NULL"}], "watermark": {"column": "at"}}},
    {"uid": "first", "inputs": [{"from": "src"}], "window_aggregate": {"time_column": "at", "size_ms": 60000, "zone": "$ZONE",
      "keys": ["k"], "aggregates": [{"function": "count", "name": "n"}]}},
    {"uid": "shape", "inputs": [{"from": "$FROM"}], "project": {"columns": [{"name": "t", "expression": $EXPRESSION}]}},
    {"uid": "second", "inputs": [{"from": "shape"}], "window_aggregate": {"time_column": "t", "size_ms": $SIZE, "zone": "$SECOND",
      "aggregates": [{"function": "count", "name": "n"}]}},
    {"uid": "out", "inputs": [{"from": "second"}], "sink": {"connector": "fake_sink"}},
    {"uid": "other", "inputs": [{"from": "first"}], "sink": {"connector": "fake_sink"}}]})json";

struct Case {
  const char* type = "TIMESTAMP_LTZ(3)";
  const char* zone = "";
  const char* from = "first";
  const char* expression = "";
  const char* size = "60000";
  const char* second = "";
};

std::string Wrong(const Case& own) {
  const std::string plan = absl::StrReplaceAll(kPlan, {{"$TYPE", own.type},
                                                       {"$ZONE", own.zone},
                                                       {"$FROM", own.from},
                                                       {"$EXPRESSION", own.expression},
                                                       {"$SIZE", own.size},
                                                       {"$SECOND", own.second}});
  std::string text;
  for (const v1::Diagnostic& diagnostic : ValidatePlan(PlanOf(plan), FakeConnectors())) text += diagnostic.message();
  return text;
}

constexpr const char* kStart = R"({"column": "window_start"})";
constexpr const char* kEnd = R"({"column": "window_end"})";
constexpr const char* kLast = R"({"call": {"function": "minus", "args": [{"column": "window_end"},
  {"literal": {"type": "INTERVAL DAY TO SECOND(3) NOT NULL", "value": "1"}}]}})";
constexpr const char* kBefore = R"({"call": {"function": "minus", "args": [{"column": "window_end"},
  {"literal": {"type": "INTERVAL DAY TO SECOND(3) NOT NULL", "value": "2"}}]}})";

// The end of a window in a zone, less 1 ms, as an instant of that zone or another.
std::string LastIn(const char* zone) {
  return absl::StrReplaceAll(R"({"cast": {"operand": $LAST, "type": "TIMESTAMP_LTZ(3) NOT NULL", "mode": "CAST_MODE_SQL", "zone": "$ZONE"}})",
                             {{"$LAST", kLast}, {"$ZONE", zone}});
}

// A function of the windows of a minute over `at`.
std::string OfAt(const char* function, const char* zone = "") {
  return absl::StrReplaceAll(R"({"call": {"function": "$F", "args": [{"column": "at"},
    {"literal": {"type": "INTERVAL DAY TO SECOND(3) NOT NULL", "value": "60000"}},
    {"literal": {"type": "INTERVAL DAY TO SECOND(3) NOT NULL", "value": "0"}}], "zone": "$Z"}})",
                             {{"$F", function}, {"$Z", zone}});
}

TEST(EventTimeColumns, TheLastMillisecondOfAWindowIsEventTime) {
  EXPECT_EQ(Wrong({.expression = kLast, .size = "3600000"}), "");
  EXPECT_EQ(Wrong({.type = "TIMESTAMP(3)", .expression = kLast, .size = "3600000"}), "");
  const std::string berlin = LastIn("Europe/Berlin"), rome = LastIn("Europe/Rome");
  EXPECT_EQ(Wrong({.zone = "Europe/Berlin", .expression = berlin.c_str(), .size = "3600000", .second = "Asia/Kolkata"}), "");
  EXPECT_NE(Wrong({.zone = "Europe/Berlin", .expression = rome.c_str(), .size = "3600000"}), "") << "another instant";
  EXPECT_NE(Wrong({.zone = "Europe/Berlin", .expression = kLast, .size = "3600000"}), "") << "a local time";
  EXPECT_NE(Wrong({.expression = kBefore, .size = "3600000"}), "") << "watermarks may have passed it";
  EXPECT_NE(Wrong({.expression = kEnd, .size = "3600000"}), "") << "it is in the next window";
}

TEST(EventTimeColumns, WindowsThatHaveBeenCutAreAggregatedAgain) {
  EXPECT_EQ(Wrong({.expression = kStart}), "");
  EXPECT_EQ(Wrong({.type = "TIMESTAMP(3)", .expression = kStart}), "");
  EXPECT_EQ(Wrong({.zone = "Europe/Berlin", .expression = kStart, .second = "Europe/Berlin"}), "");
  EXPECT_NE(Wrong({.expression = kStart, .size = "120000"}), "");
  EXPECT_NE(Wrong({.zone = "Europe/Berlin", .expression = kStart, .second = "Europe/Rome"}), "");
  EXPECT_NE(Wrong({.zone = "Europe/Berlin", .expression = kStart}), "");
}

TEST(EventTimeColumns, FunctionsOfWindowsKeepIt) {
  const std::string start = OfAt("window_start"), time = OfAt("window_time"), end = OfAt("window_end");
  const std::string local = OfAt("window_start", "Europe/Berlin");
  EXPECT_EQ(Wrong({.from = "src", .expression = start.c_str()}), "");
  EXPECT_EQ(Wrong({.from = "src", .expression = local.c_str(), .second = "Europe/Berlin"}), "");
  EXPECT_EQ(Wrong({.from = "src", .expression = time.c_str(), .size = "7000"}), "");
  EXPECT_NE(Wrong({.from = "src", .expression = local.c_str()}), "");
  EXPECT_NE(Wrong({.from = "src", .expression = start.c_str(), .size = "7000"}), "");
  EXPECT_NE(Wrong({.from = "src", .expression = end.c_str()}), "");
}

TEST(EventTimeColumns, ATimeWithoutAZoneIsNotCutInOne) {
  EXPECT_EQ(Wrong({.type = "TIMESTAMP(3)", .zone = "Europe/Berlin", .expression = kStart, .second = "Europe/Berlin"}),
            "'at' is TIMESTAMP(3) NOT NULL, which is the same in every zone; leave the zone out, or use TIMESTAMP_LTZ(3)");
}

}  // namespace
}  // namespace millrace
