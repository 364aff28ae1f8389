// Union, group aggregates on top of each other, DISTINCT, sort and limit over sources that end, in a whole cluster:
// whatever dies, and at whatever parallelism it is started again, the tables hold the answer.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <tuple>

#include "base/check.h"
#include "base/error.h"
#include "base/random.h"
#include "connectors/generator/generator_source.h"
#include "coordinator/plan/plan_json.h"
#include "tests/sim/sim_cluster.h"
#include "tests/sim/table_reader.h"

namespace millrace::sim {
namespace {

constexpr int64_t kSecondIds = 10'000'000;
constexpr size_t kTop = 25;

// Two sources, of which one has event time and computes a column, become one; per_user, over it, is the input of
// per_number, which counts users by their number of rows, and of a sort. What stands behind the other source alone sees
// no event time at all. The union at the end keeps no state, and stands behind two that do.
v1::Plan QueryPlan(uint64_t seed, int parallelism) {
  const auto column = [](const char* name, const char* from) {
    return Cat(R"({"name": ")", name, R"(", "expression": {"column": ")", from, R"("}})");
  };
  const auto sink = [](const char* uid, const char* from) {
    return Cat(R"({"uid": ")", uid, R"(", "inputs": [{"from": ")", from,
               R"("}], "sink": {"connector": "delta", "options": {"table-path": "sim://)", uid, R"("}}})");
  };
  auto plan = ReadPlanJson(Cat(R"({"format_version": 1, "name": "query", "parallelism": )", parallelism, R"(,
    "checkpoint": {"interval_ms": 60, "timeout_ms": 3000, "tolerable_failures": 100},
    "restart": {"initial_backoff_ms": 10, "max_backoff_ms": 100, "reset_after_ms": 1000, "max_restarts": 100000},
    "nodes": [
      {"uid": "first", "source": {"connector": "generator",
         "options": {"rows": "500", "splits": "3", "seed": ")", seed, R"(", "keys": "30", "rows-per-second": "1500"},
         "columns": [{"name": "user_id", "type": "STRING NOT NULL"}, {"name": "amount", "type": "BIGINT"},
                     {"name": "url", "type": "STRING"}, {"name": "event_id", "type": "BIGINT NOT NULL"}],
         "computed": [{"name": "small", "expression": {"call": {"function": "less",
            "args": [{"column": "amount"}, {"literal": {"type": "BIGINT", "value": "50000"}}]}}}]}},
      {"uid": "second", "source": {"connector": "generator",
         "options": {"rows": "300", "splits": "2", "seed": ")", seed + 1, R"(", "keys": "20", "rows-per-second": "400"},
         "columns": [{"name": "event_time", "type": "TIMESTAMP_LTZ(3) NOT NULL"}, {"name": "user_id", "type": "STRING NOT NULL"},
                     {"name": "event_id", "type": "BIGINT NOT NULL"}, {"name": "amount", "type": "BIGINT"}, {"name": "url", "type": "STRING"}],
         "watermark": {"column": "event_time", "max_out_of_orderness_ms": 100, "idle_timeout_ms": 100}}},
      {"uid": "other", "inputs": [{"from": "second"}], "project": {"columns": [)", column("who", "user_id"), ",",
                               column("what", "amount"), ",", column("place", "url"), R"(,
         {"name": "id", "expression": {"call": {"function": "plus",
            "args": [{"column": "event_id"}, {"literal": {"type": "BIGINT", "value": ")", kSecondIds, R"("}}]}}},
         {"name": "little", "expression": {"call": {"function": "less",
            "args": [{"column": "amount"}, {"literal": {"type": "BIGINT", "value": "50000"}}]}}}]}},
      {"uid": "all", "inputs": [{"from": "first"}, {"from": "other"}], "union": {}},
      {"uid": "per_user", "inputs": [{"from": "all"}], "group_aggregate": {"keys": ["user_id"], "aggregates": [
         {"function": "count", "name": "n"}, {"function": "sum", "column": "amount", "name": "total"},
         {"function": "count", "column": "url", "distinct": true, "name": "urls"},
         {"function": "count", "column": "url", "distinct": true, "filter": "small", "name": "small_urls"},
         {"function": "max", "column": "event_id", "filter": "small", "name": "newest_small"}]}},
      {"uid": "per_number", "inputs": [{"from": "per_user"}], "group_aggregate": {"keys": ["n"], "aggregates": [
         {"function": "count", "name": "users"}]}},
      {"uid": "sums", "inputs": [{"from": "all"}], "group_aggregate": {"aggregates": [
         {"function": "count", "name": "n"}, {"function": "sum", "column": "event_id", "name": "ids"}]}},
      {"uid": "without_time", "inputs": [{"from": "first"}], "group_aggregate": {"aggregates": [{"function": "count", "name": "n"}]}},
      {"uid": "ordered", "inputs": [{"from": "per_user"}], "sort": {"keys": [
         {"column": "n", "descending": true}, {"column": "user_id"}], "offset": 2}},
      {"uid": "newest", "inputs": [{"from": "all"}], "sort": {"keys": [{"column": "event_id", "descending": true}], "limit": )", kTop, R"(}},
      {"uid": "per_number_again", "inputs": [{"from": "per_user"}], "group_aggregate": {"keys": ["n"], "aggregates": [
         {"function": "count", "column": "n", "name": "again"}]}},
      {"uid": "both", "inputs": [{"from": "per_number"}, {"from": "per_number_again"}], "union": {}},
      )", sink("users", "ordered"), ",", sink("numbers", "both"), ",", sink("total", "sums"), ",", sink("top", "newest"), ",", sink("alone", "without_time"), R"(
    ]})"));
  Check(plan.ok(), plan.ok() ? "" : std::string(plan.status().message()));
  return *plan;
}

struct User {
  int64_t n = 0;
  int64_t total = 0;
  std::set<uint64_t> urls;
  std::set<uint64_t> small_urls;
  int64_t newest_small = -1;
};

struct Answer {
  std::vector<std::tuple<int64_t, std::string, int64_t, int64_t, int64_t, int64_t>> users;  // in order
  std::multiset<std::pair<int64_t, int64_t>> numbers;
  std::vector<std::pair<int64_t, int64_t>> total;
  std::vector<int64_t> top;  // in order
  std::vector<int64_t> alone;
};

Answer ExpectedAnswer(const v1::Plan& plan) {
  Answer answer;
  answer.alone = {0};
  std::map<std::string, User> users;
  int64_t n = 0;
  int64_t ids = 0;
  for (int node : {0, 1}) {
    std::vector<std::string> mistakes;
    const GeneratorOptions generator = GeneratorOptions::Parse(plan.nodes(node).source(), &mistakes);
    Check(mistakes.empty(), "the generator's options are right");
    for (int64_t split = 0; split < generator.splits; ++split) {
      if (node == 0) answer.alone[0] += generator.rows;
      for (int64_t position = 0; position < generator.rows; ++position) {
        const GeneratedRow row = GenerateRow(generator, split, position);
        const int64_t id = row.event_id + (node == 0 ? 0 : kSecondIds);
        User& user = users[Cat("user-", row.user)];
        ++user.n;
        user.total += static_cast<int64_t>(row.amount);
        user.urls.insert(row.url);
        ++n;
        ids += id;
        answer.top.push_back(id);
        if (row.amount >= 50000) continue;
        user.small_urls.insert(row.url);
        user.newest_small = std::max(user.newest_small, id);
      }
    }
  }
  std::map<int64_t, int64_t> by_number;
  for (const auto& [name, user] : users) {
    ++by_number[user.n];
    answer.users.emplace_back(-user.n, name, user.total, user.urls.size(), user.small_urls.size(), user.newest_small);
  }
  std::sort(answer.users.begin(), answer.users.end());
  answer.users.erase(answer.users.begin(), answer.users.begin() + 2);
  for (const auto& number : by_number) answer.numbers.insert(number), answer.numbers.insert(number);
  answer.total = {{n, ids}};
  std::sort(answer.top.rbegin(), answer.top.rend());
  answer.top.resize(kTop);
  return answer;
}

// Rows of a sink's files, file after file.
template <typename Visit>
void ForEachRow(Cluster& cluster, const char* table, Visit visit) {
  for (const auto& file : ReadTableFiles(*cluster.storage().At(Cat("sim://", table))).files) {
    for (int64_t i = 0; i < file->num_rows(); ++i) visit(*file, i);
  }
}

int64_t Int(const arrow::Table& table, const char* name, int64_t row) {
  const auto column = ColumnOf<arrow::Int64Array>(table, name);
  return column->IsNull(row) ? -1 : column->Value(row);
}

Answer ActualAnswer(Cluster& cluster) {
  Answer answer;
  ForEachRow(cluster, "users", [&](const arrow::Table& t, int64_t i) {
    answer.users.emplace_back(-Int(t, "n", i), ColumnOf<arrow::StringArray>(t, "user_id")->GetString(i), Int(t, "total", i),
                              Int(t, "urls", i), Int(t, "small_urls", i), Int(t, "newest_small", i));
  });
  ForEachRow(cluster, "numbers", [&](const arrow::Table& t, int64_t i) { answer.numbers.insert({Int(t, "n", i), Int(t, "users", i)}); });
  ForEachRow(cluster, "total", [&](const arrow::Table& t, int64_t i) { answer.total.emplace_back(Int(t, "n", i), Int(t, "ids", i)); });
  ForEachRow(cluster, "top", [&](const arrow::Table& t, int64_t i) { answer.top.push_back(Int(t, "event_id", i)); });
  ForEachRow(cluster, "alone", [&](const arrow::Table& t, int64_t i) { answer.alone.push_back(Int(t, "n", i)); });
  return answer;
}

void ExpectExact(Cluster& cluster, const v1::Plan& plan) {
  const Answer expected = ExpectedAnswer(plan);
  const Answer actual = ActualAnswer(cluster);
  EXPECT_EQ(actual.users, expected.users);
  EXPECT_EQ(actual.numbers, expected.numbers);
  EXPECT_EQ(actual.total, expected.total);
  EXPECT_EQ(actual.top, expected.top);
  EXPECT_EQ(actual.alone, expected.alone);
}

TEST(BoundedQuery, WithoutFaultsItAnswersAtEveryParallelism) {
  for (int parallelism = 1; parallelism <= 4; ++parallelism) {
    SCOPED_TRACE(Cat("parallelism ", parallelism));
    Cluster::Options options;
    Cluster cluster(options);
    const v1::Plan plan = QueryPlan(7, parallelism);
    cluster.Submit(plan);
    ASSERT_TRUE(cluster.RunUntilState("query", v1::PIPELINE_STATE_FINISHED, absl::Minutes(1)))
        << v1::PipelineState_Name(cluster.last_view().state()) << " " << cluster.last_view().reason();
    EXPECT_EQ(cluster.last_view().restarts(), 0u);
    ExpectExact(cluster, plan);
  }
}

TEST(BoundedQuery, WhateverDiesTheAnswerIsExact) {
  uint64_t restarts = 0;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(Cat("seed ", seed));
    Random random(seed);
    Cluster::Options options;
    options.seed = seed;
    options.num_workers = 3;
    FaultPlan::Options& faults = options.faults;
    faults.Happens(FaultKind::kKill, absl::Milliseconds(static_cast<int64_t>(200 + random.Below(800))), 4);
    if (random.Chance(0.5)) faults.chance(FaultKind::kCrashBefore) = faults.chance(FaultKind::kCrashAfter) = 0.01;
    if (random.Chance(0.5)) faults.chance(FaultKind::kError) = 0.01;
    if (random.Chance(0.5)) faults.chance(FaultKind::kLostAnswer) = 0.02;
    if (random.Chance(0.3)) faults.Happens(FaultKind::kFreeze, absl::Milliseconds(600), 4);
    if (random.Chance(0.6)) {
      faults.Happens(FaultKind::kStop, absl::Milliseconds(static_cast<int64_t>(200 + random.Below(600))), 1);
    }
    Cluster cluster(options);
    const v1::Plan plan = QueryPlan(seed, 1 + static_cast<int>(random.Below(4)));
    cluster.Submit(plan);
    bool finished = cluster.RunUntilState("query", v1::PIPELINE_STATE_FINISHED, absl::Seconds(10));
    restarts += cluster.last_view().restarts();
    cluster.StopFaults();
    if (!finished) finished = cluster.RunUntilState("query", v1::PIPELINE_STATE_FINISHED, absl::Minutes(2));
    ASSERT_TRUE(finished) << v1::PipelineState_Name(cluster.last_view().state()) << " " << cluster.last_view().reason();
    EXPECT_EQ(cluster.windows().problem(), "");
    ExpectExact(cluster, plan);
    if (HasFailure()) break;
  }
  std::printf("restarts %llu\n", static_cast<unsigned long long>(restarts));
  EXPECT_GE(restarts, 20u);
}

}  // namespace
}  // namespace millrace::sim
