// Records for which an expression fails, in a source, a filter and a project, become dead letters that name partition
// and offset, each once, whatever dies; without a reader they end the pipeline, which names the record.
#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <tuple>

#include "base/check.h"
#include "base/error.h"
#include "coordinator/plan/plan_json.h"
#include "tests/sim/sim_log_run.h"
#include "tests/sim/table_reader.h"

namespace millrace::sim {
namespace {

using testing::HasSubstr;

// Who fails for a record: the first of them that it comes to. Told by the plan below once more.
enum class Fate { kDecode, kSource, kFilter, kProject, kGood };
Fate FateOf(const SimLog::Record& record) {
  if (record.bad) return Fate::kDecode;
  if (record.row.amount % 13 == 0) return Fate::kSource;
  if (record.row.amount % 7 == 0) return Fate::kFilter;
  return record.row.event_id % 11 == 0 ? Fate::kProject : Fate::kGood;
}

// 1000 / (column % modulus)
std::string Quotient(const char* column, int modulus) {
  auto number = [](int value) { return Cat(R"({"literal": {"type": "BIGINT", "value": ")", value, R"("}})"); };
  return Cat(R"({"call": {"function": "divide", "args": [)", number(1000), R"(, {"call": {"function": "modulo", "args": [{"column": ")",
             column, R"("}, )", number(modulus), "]}}]}}");
}

v1::Plan PlanWith(bool with_letters, std::string_view bad_record_limit = "") {
  auto plan = ReadPlanJson(Cat(R"({"format_version": 1, "name": "clicks", "parallelism": 3,
    "checkpoint": {"interval_ms": 100, "timeout_ms": 3000},
    "restart": {"initial_backoff_ms": 10, "max_backoff_ms": 100, "reset_after_ms": 1000, "max_restarts": 100000},
    "nodes": [
      {"uid": "clicks", "source": {"connector": "log", "options": {"topic": "clicks"},
         "columns": [{"name": "amount", "type": "BIGINT"}, {"name": "event_id", "type": "BIGINT NOT NULL"}],
         )", bad_record_limit.empty() ? "" : Cat(R"("bad_record_limit": )", bad_record_limit, ","), R"(
         "computed": [{"name": "c", "expression": )", Quotient("amount", 13), R"(}]}},
      {"uid": "some", "inputs": [{"from": "clicks"}], "filter": {"condition": {"call": {"function": "is_not_null", "args": [)",
                               Quotient("amount", 7), R"(]}}}},
      {"uid": "shape", "inputs": [{"from": "some"}], "project": {"columns": [
         {"name": "event_id", "expression": {"column": "event_id"}}, {"name": "c", "expression": {"column": "c"}},
         {"name": "q", "expression": )", Quotient("event_id", 11), R"(}]}},
      {"uid": "out", "inputs": [{"from": "shape"}], "sink": {"connector": "delta", "options": {"table-path": "sim://out"}}})",
                               !with_letters ? "" : R"(,
      {"uid": "all", "inputs": [{"from": "clicks", "output": "dead_letter"}, {"from": "some", "output": "dead_letter"},
                                {"from": "shape", "output": "dead_letter"}], "union": {}},
      {"uid": "dead", "inputs": [{"from": "all"}], "sink": {"connector": "delta", "options": {"table-path": "sim://dead"}}})",
                               "]}"));
  Check(plan.ok(), plan.ok() ? "" : std::string(plan.status().message()));
  return *std::move(plan);
}

LogRun::Options OptionsOf(uint64_t seed) {
  LogRun::Options options;
  options.log.seed = options.cluster.seed = seed;
  options.partitions.resize(4);
  return options;
}

using Letter = std::tuple<std::string, std::string, int32_t, int64_t>;  // operator, reason, partition, offset

std::multiset<Letter> LettersIn(const arrow::Table& table) {
  std::multiset<Letter> letters;
  auto operators = ColumnOf<arrow::StringArray>(table, "operator");
  auto reasons = ColumnOf<arrow::StringArray>(table, "reason");
  auto topics = ColumnOf<arrow::StringArray>(table, "topic");
  auto partitions = ColumnOf<arrow::Int32Array>(table, "partition");
  auto offsets = ColumnOf<arrow::Int64Array>(table, "offset");
  for (int64_t i = 0; i < table.num_rows(); ++i) {
    EXPECT_EQ(topics->GetString(i), "clicks");
    EXPECT_TRUE(partitions->IsValid(i) && offsets->IsValid(i));
    letters.emplace(operators->GetString(i), reasons->GetString(i), partitions->Value(i), offsets->Value(i));
  }
  return letters;
}

TEST(FailedExpressions, EveryRecordIsARowOrOneLetterThatNamesItWhateverDies) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(Cat("seed ", seed));
    LogRun::Options options = OptionsOf(seed);
    options.log.bad_ratio = 0.02;
    if (seed > 1) options.cluster.faults.Happens(FaultKind::kKill, absl::Milliseconds(250), 4);
    LogRun run(std::move(options));
    run.cluster().Submit(PlanWith(/*with_letters=*/true));
    run.cluster().Run(absl::Seconds(3));
    ASSERT_TRUE(run.Drain()) << run.cluster().last_view().reason();

    std::multiset<Letter> expected;
    std::multiset<int64_t> good;
    std::map<Fate, int> num_by_fate;
    for (const SimLog::Record& record : run.log().Ledger()) {
      const Fate fate = FateOf(record);
      ++num_by_fate[fate];
      if (fate == Fate::kGood) {
        good.insert(record.row.event_id);
        continue;
      }
      const char* uid = fate == Fate::kFilter ? "some" : fate == Fate::kProject ? "shape" : "clicks";
      expected.emplace(uid, fate == Fate::kDecode ? "decode" : "expression", record.partition, record.offset);
    }
    EXPECT_EQ(num_by_fate.size(), 5u) << "every kind of record is there";
    auto dead = ReadTable(*run.cluster().storage().At("sim://dead"));
    ASSERT_NE(dead, nullptr);
    EXPECT_EQ(LettersIn(*dead), expected);
    auto out = ReadTable(*run.cluster().storage().At("sim://out"));
    ASSERT_NE(out, nullptr);
    auto ids = ColumnOf<arrow::Int64Array>(*out, "event_id");
    EXPECT_EQ(std::multiset<int64_t>(ids->raw_values(), ids->raw_values() + ids->length()), good);
    if (seed == 1) {
      EXPECT_EQ(run.cluster().last_view().progress().dead_letters(), expected.size());
    }
  }
}

TEST(FailedExpressions, UnreadTheFirstOneEndsThePipelineAndNamesItsRecord) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(Cat("seed ", seed));
    LogRun run(OptionsOf(seed));
    run.cluster().Submit(PlanWith(/*with_letters=*/false));
    const std::string reason = run.FailsWithin(absl::Minutes(1));
    EXPECT_EQ(run.cluster().last_view().restarts(), 0u) << "it would fail again";
    // The words name a record; the ledger knows who failed for it, and what was in it.
    const size_t at = reason.find("read from topic clicks, partition ");
    ASSERT_NE(at, reason.npos) << reason;
    int partition = -1;
    long offset = -1;
    ASSERT_EQ(std::sscanf(reason.c_str() + at, "read from topic clicks, partition %d, offset %ld. Correct", &partition, &offset), 2) << reason;
    const SimLog::Record record = run.log().At(partition, offset);
    const Fate fate = FateOf(record);
    EXPECT_THAT(reason, HasSubstr(fate == Fate::kSource   ? "source clicks: column \"c\": evaluate "
                                  : fate == Fate::kFilter ? "operator some: evaluate "
                                                          : "operator shape: column \"q\": evaluate "));
    EXPECT_NE(fate, Fate::kGood);
    EXPECT_THAT(reason, HasSubstr("division by zero: 1000; the row is {"));
    EXPECT_THAT(reason, HasSubstr(Cat(R"("event_id": )", record.row.event_id)));
    EXPECT_EQ(reason.find("operator shape: operator shape"), reason.npos);
  }
}

TEST(FailedExpressions, OfASourceTheyCountForItsLimitAtTheSameRecordWhateverDies) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(Cat("seed ", seed));
    LogRun::Options options = OptionsOf(seed);
    options.log.bad_ratio = 0.02;
    if (seed > 1) options.cluster.faults.Happens(FaultKind::kKill, absl::Milliseconds(150), 4);
    LogRun run(std::move(options));
    run.cluster().Submit(PlanWith(/*with_letters=*/true, R"({"percent": 10, "window_records": 100})"));
    const std::string reason = run.FailsWithin(absl::Minutes(1));
    int partition = -1;
    long first = -1;
    long last = -1;
    const size_t at = reason.find("topic: clicks, partition: ");
    ASSERT_NE(at, reason.npos) << reason;
    ASSERT_EQ(std::sscanf(reason.c_str() + at, "topic: clicks, partition: %d, offsets: %ld to %ld", &partition, &first, &last), 3) << reason;
    // The rule, told once more: the eleventh bad one among 100 in a row.
    std::deque<int64_t> bad;
    for (int64_t offset = 0; bad.size() < 11 && offset < run.log().End(partition); ++offset) {
      const Fate fate = FateOf(run.log().At(partition, offset));
      if (fate != Fate::kDecode && fate != Fate::kSource) continue;
      bad.push_back(offset);
      while (bad.front() <= offset - 100) bad.pop_front();
    }
    ASSERT_EQ(bad.size(), 11u);
    EXPECT_EQ(first, bad.front());
    EXPECT_EQ(last, bad.back());
    const auto num_undecoded = std::count_if(bad.begin(), bad.end(), [&](int64_t offset) {
      return FateOf(run.log().At(partition, offset)) == Fate::kDecode;
    });
    const bool most_failed = num_undecoded < 6;
    EXPECT_THAT(reason, HasSubstr(most_failed ? "of them: column 'c' has no value: divide(BIGINT '1000', modulo(amount, BIGINT '13')), such as"
                                              : "of them: not JSON: "));
  }
}

}  // namespace
}  // namespace millrace::sim
