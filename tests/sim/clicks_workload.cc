#include "tests/sim/clicks_workload.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "connectors/generator/generator_source.h"
#include "coordinator/plan/plan_json.h"

namespace millrace::sim {
namespace {

constexpr int64_t kSplits = 4;
constexpr int64_t kRowsPerSplit = 400;

// Reads a Delta table by its log's add actions: shares no code with the sink.
std::shared_ptr<arrow::Table> ReadTable(MemoryBlobStore& store) {
  std::vector<std::shared_ptr<arrow::Table>> parts;
  static const std::regex kPath(R"re("add":\{"path":"([^"]+)")re");
  const std::vector<std::string> names = store.List("_delta_log/").value();
  for (const std::string& name : names) {
    if (!name.ends_with(".json")) continue;
    const std::string log = store.Get(name).value();
    for (std::sregex_iterator at(log.begin(), log.end(), kPath), end; at != end; ++at) {
      auto bytes = store.Get((*at)[1].str());
      EXPECT_TRUE(bytes.ok()) << bytes.status();
      if (!bytes.ok()) continue;
      auto file = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(*std::move(bytes)));
      auto reader = parquet::arrow::OpenFile(file, arrow::default_memory_pool());
      EXPECT_TRUE(reader.ok());
      parts.push_back(*(*reader)->ReadTable());
    }
  }
  if (parts.empty()) return nullptr;
  return *(*arrow::ConcatenateTables(parts))->CombineChunks();
}

template <typename ArrayType>
std::shared_ptr<ArrayType> ColumnOf(const arrow::Table& table, const std::string& name) {
  return std::static_pointer_cast<ArrayType>(table.GetColumnByName(name)->chunk(0));
}

struct Answer {
  int64_t n = 0;
  int64_t total = 0;
  int64_t newest = -1;
  bool operator==(const Answer&) const = default;
};
using Answers = std::map<std::pair<std::string, int64_t>, Answer>;

}  // namespace

std::string ClicksPlan(uint64_t seed) {
  return Cat(R"({"format_version": 1, "name": "clicks", "parallelism": 3,
    "checkpoint": {"interval_ms": 100, "timeout_ms": 3000, "retained": )", 1 + seed % 3, R"(},
    "restart": {"initial_backoff_ms": 10, "max_backoff_ms": 100, "reset_after_ms": 1000, "max_restarts": 100000},
    "nodes": [
      {"uid": "clicks", "source": {"connector": "generator",
         "options": {"rows": ")", kRowsPerSplit, R"(", "splits": ")", kSplits, R"(", "seed": ")", seed, R"(", "keys": "20",
                     "rows-per-second": "1600", "event-step-ms": "10", "disorder-ms": "100", "late-ratio": "0.02", "bad-ratio": "0.02"},
         "columns": [{"name": "user_id", "type": "STRING NOT NULL"}, {"name": "event_time", "type": "TIMESTAMP_LTZ(3) NOT NULL"},
                     {"name": "amount", "type": "BIGINT"}, {"name": "event_id", "type": "BIGINT NOT NULL"}],
         "watermark": {"column": "event_time", "max_out_of_orderness_ms": 100, "idle_timeout_ms": 500}}},
      {"uid": "per_user", "inputs": [{"from": "clicks"}], "window_aggregate": {"time_column": "event_time", "size_ms": 500,
         "keys": ["user_id"], "aggregates": [{"function": "count", "name": "n"}, {"function": "sum", "column": "amount", "name": "total"},
                                             {"function": "max", "column": "event_id", "name": "newest"}]}},
      {"uid": "out", "inputs": [{"from": "per_user"}], "sink": {"connector": "delta", "options": {"table-path": "sim://out"}}},
      {"uid": "late", "inputs": [{"from": "per_user", "output": "late"}], "sink": {"connector": "delta", "options": {"table-path": "sim://late"}}},
      {"uid": "dead", "inputs": [{"from": "clicks", "output": "dead_letter"}], "sink": {"connector": "delta", "options": {"table-path": "sim://dead"}}}
    ]})");
}

ClicksVerdict CheckClicks(uint64_t seed, Storage& storage) {
  ClicksVerdict verdict;
  auto plan = ReadPlanJson(ClicksPlan(seed));
  Check(plan.ok(), plan.ok() ? "" : std::string(plan.status().message()));
  // The ledger: what the generator made.
  std::vector<std::string> mistakes;
  GeneratorOptions generator = GeneratorOptions::Parse(plan->nodes(0).source(), &mistakes);
  std::map<int64_t, GeneratedRow> good;
  std::set<std::pair<int32_t, int64_t>> bad;
  for (int64_t split = 0; split < kSplits; ++split) {
    for (int64_t position = 0; position < kRowsPerSplit; ++position) {
      GeneratedRow row = GenerateRow(generator, split, position);
      if (row.bad) {
        bad.insert({static_cast<int32_t>(split), position});
      } else {
        good[row.event_id] = row;
      }
    }
  }
  // Dead letters: exactly the bad records.
  std::set<std::pair<int32_t, int64_t>> dead_seen;
  if (auto dead = ReadTable(*storage.At("sim://dead"))) {
    auto partitions = ColumnOf<arrow::Int32Array>(*dead, "partition");
    auto offsets = ColumnOf<arrow::Int64Array>(*dead, "offset");
    for (int64_t i = 0; i < dead->num_rows(); ++i) {
      if (!dead_seen.insert({partitions->Value(i), offsets->Value(i)}).second) {
        verdict.problem = Cat("dead letter twice: offset ", offsets->Value(i));
        return verdict;
      }
    }
  }
  if (dead_seen != bad) {
    verdict.problem = Cat("dead letters: ", dead_seen.size(), " of ", bad.size());
    return verdict;
  }
  // Late rows: each once, and none that a partition's own bound would have kept.
  if (auto late = ReadTable(*storage.At("sim://late"))) {
    auto ids = ColumnOf<arrow::Int64Array>(*late, "event_id");
    verdict.late = static_cast<size_t>(ids->length());
    for (int64_t i = 0; i < ids->length(); ++i) {
      if (good.erase(ids->Value(i)) != 1) {
        verdict.problem = Cat("late row twice or unknown: ", ids->Value(i));
        return verdict;
      }
    }
  }
  // The table: the answer over what is left.
  Answers expected;
  for (const auto& [id, row] : good) {
    int64_t start = row.event_time_micros - ((row.event_time_micros % 500'000) + 500'000) % 500'000;
    Answer& answer = expected[{Cat("user-", row.user), start}];
    ++answer.n;
    answer.total += static_cast<int64_t>(row.amount);
    answer.newest = std::max(answer.newest, id);
  }
  Answers actual;
  if (auto out = ReadTable(*storage.At("sim://out"))) {
    auto users = ColumnOf<arrow::StringArray>(*out, "user_id");
    auto starts = ColumnOf<arrow::TimestampArray>(*out, "window_start");
    auto n = ColumnOf<arrow::Int64Array>(*out, "n");
    auto totals = ColumnOf<arrow::Int64Array>(*out, "total");
    auto newest = ColumnOf<arrow::Int64Array>(*out, "newest");
    for (int64_t i = 0; i < out->num_rows(); ++i) {
      std::pair key(users->GetString(i), starts->Value(i));
      if (!actual.emplace(key, Answer{n->Value(i), totals->Value(i), newest->Value(i)}).second) {
        verdict.problem = Cat("window twice: ", key.first, " ", key.second);
        return verdict;
      }
    }
  }
  if (actual == expected) return verdict;
  verdict.problem = Cat("windows: ", actual.size(), " of ", expected.size());
  for (const auto& [key, answer] : expected) {
    auto found = actual.find(key);
    if (found == actual.end()) {
      verdict.problem += Cat("; lost ", key.first, " ", key.second, " n ", answer.n);
    } else if (found->second != answer) {
      verdict.problem += Cat("; wrong ", key.first, " ", key.second, " n ", found->second.n, " for ", answer.n);
    }
    if (verdict.problem.size() > 400) break;
  }
  return verdict;
}

}  // namespace millrace::sim
