#include "tests/sim/window_table.h"

#include <arrow/api.h>

#include <algorithm>
#include <map>
#include <regex>

#include "base/check.h"
#include "base/error.h"
#include "connectors/generator/generator_source.h"
#include "coordinator/plan/plan_json.h"
#include "tests/sim/table_reader.h"

namespace millrace::sim {
namespace {

constexpr int64_t kSplits = 4;
constexpr int64_t kRowsPerSplit = 500;

WindowRows RowsOf(const arrow::Table& table) {
  WindowRows rows;
  auto users = ColumnOf<arrow::StringArray>(table, "user_id");
  auto starts = ColumnOf<arrow::TimestampArray>(table, "window_start");
  auto n = ColumnOf<arrow::Int64Array>(table, "n");
  auto newest = ColumnOf<arrow::Int64Array>(table, "newest");
  for (int64_t i = 0; i < table.num_rows(); ++i) rows.insert({users->GetString(i), starts->Value(i), n->Value(i), newest->Value(i)});
  return rows;
}

std::string Text(const WindowRow& row) {
  return Cat(std::get<0>(row), " ", std::get<1>(row), " n ", std::get<2>(row));
}

}  // namespace

v1::Plan WindowPlan(uint64_t seed, int64_t window_ms) {
  auto plan = ReadPlanJson(Cat(R"({"format_version": 1, "name": "clicks", "parallelism": 2,
    "checkpoint": {"interval_ms": 60, "timeout_ms": 3000, "retained": )", 3 + seed % 3, R"(},
    "restart": {"initial_backoff_ms": 10, "max_backoff_ms": 100, "reset_after_ms": 1000, "max_restarts": 100000},
    "nodes": [
      {"uid": "clicks", "source": {"connector": "generator",
         "options": {"rows": ")", kRowsPerSplit, R"(", "splits": ")", kSplits, R"(", "seed": ")", seed, R"(", "keys": "10",
                     "rows-per-second": "1600", "event-step-ms": "10"},
         "columns": [{"name": "user_id", "type": "STRING NOT NULL"}, {"name": "event_time", "type": "TIMESTAMP_LTZ(3) NOT NULL"},
                     {"name": "event_id", "type": "BIGINT NOT NULL"}],
         "watermark": {"column": "event_time"}}},
      {"uid": "per_user", "inputs": [{"from": "clicks"}], "window_aggregate": {"time_column": "event_time", "size_ms": )", window_ms, R"(,
         "keys": ["user_id"], "aggregates": [{"function": "count", "name": "n"}, {"function": "max", "column": "event_id", "name": "newest"}]}},
      {"uid": "out", "inputs": [{"from": "per_user"}], "sink": {"connector": "delta", "options": {"table-path": "sim://out"}}}
    ]})"));
  Check(plan.ok(), plan.ok() ? "" : std::string(plan.status().message()));
  return *plan;
}

WindowRows ExpectedWindows(const v1::Plan& plan) {
  std::vector<std::string> mistakes;
  GeneratorOptions generator = GeneratorOptions::Parse(plan.nodes(0).source(), &mistakes);
  const int64_t size = plan.nodes(1).window_aggregate().size_ms() * 1000;
  std::map<std::pair<std::string, int64_t>, std::pair<int64_t, int64_t>> windows;
  for (int64_t split = 0; split < kSplits; ++split) {
    for (int64_t position = 0; position < kRowsPerSplit; ++position) {
      GeneratedRow row = GenerateRow(generator, split, position);
      int64_t start = row.event_time_micros - ((row.event_time_micros % size) + size) % size;
      auto& [n, newest] = windows.try_emplace({Cat("user-", row.user), start}, 0, -1).first->second;
      ++n;
      newest = std::max(newest, row.event_id);
    }
  }
  WindowRows rows;
  for (const auto& [key, value] : windows) rows.insert({key.first, key.second, value.first, value.second});
  return rows;
}

std::vector<WindowCommit> ReadWindowCommits(MemoryBlobStore& table) {
  static const std::regex kMarker(R"re("txn":\{"appId":"[^"]*","version":(\d+))re");
  static const std::regex kPath(R"re("add":\{"path":"([^"]+)")re");
  std::vector<WindowCommit> commits;
  const std::vector<std::string> names = *table.List("_delta_log/");
  for (const std::string& name : names) {
    if (!name.ends_with(".json")) continue;
    const std::string log = *table.Get(name);
    std::smatch marker;
    if (!std::regex_search(log, marker, kMarker)) continue;
    WindowCommit commit{std::stoull(marker[1].str()), {}};
    for (std::sregex_iterator at(log.begin(), log.end(), kPath), end; at != end; ++at) {
      const std::string path = (*at)[1].str();
      if (!table.Size(path).ok()) continue;
      auto file = ReadDataFile(table, path);
      Check(file != nullptr, Cat("a file of the table cannot be read: ", path));
      commit.rows.merge(RowsOf(*file));
    }
    if (!commit.rows.empty()) commits.push_back(std::move(commit));
  }
  return commits;
}

std::string CompareWindows(const WindowRows& rows, const WindowRows& expected, bool whole) {
  if (rows == expected) return "";
  std::string problem;
  for (const WindowRow& row : rows) {
    if (rows.count(row) <= expected.count(row)) continue;
    problem = Cat("twice or wrong: ", Text(row));
    break;
  }
  for (const WindowRow& row : expected) {
    if (!whole || rows.contains(row)) continue;
    problem += Cat(problem.empty() ? "" : "; ", "lost: ", Text(row));
    break;
  }
  return problem.empty() ? "" : Cat(rows.size(), " rows for ", expected.size(), ": ", problem);
}

}  // namespace millrace::sim
