#include "tests/sim/clicks_workload.h"

#include <arrow/api.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "connectors/generator/generator_source.h"
#include "coordinator/plan/plan_json.h"
#include "tests/sim/promises.h"
#include "tests/sim/table_reader.h"

namespace millrace::sim {
namespace {

struct Answer {
  int64_t n = 0;
  int64_t total = 0;
  int64_t newest = -1;
  bool operator==(const Answer&) const = default;
};
using Answers = std::map<std::pair<std::string, int64_t>, Answer>;

}  // namespace

std::string ClicksPlan(const ClicksSettings& settings) {
  return Cat(R"({"format_version": 1, "name": "clicks", "parallelism": )", settings.parallelism, R"(,
    "checkpoint": {"interval_ms": )", settings.checkpoint_interval_ms, R"(, "timeout_ms": )", settings.checkpoint_timeout_ms,
             R"(, "tolerable_failures": )", settings.tolerable_failures, R"(, "retained": )", settings.retained, R"(},
    "restart": {"initial_backoff_ms": )", settings.initial_backoff_ms, R"(, "max_backoff_ms": )", settings.max_backoff_ms,
             R"(, "reset_after_ms": 1000, "max_restarts": 100000},
    "nodes": [
      {"uid": "clicks", "source": {"connector": "generator",
         "options": {"rows": ")", settings.rows_per_split, R"(", "splits": ")", settings.splits, R"(", "seed": ")", settings.seed,
             R"(", "keys": ")", settings.keys, R"(", "rows-per-second": ")", settings.rows_per_second,
             R"(", "event-step-ms": "10", "disorder-ms": "100", "late-ratio": "0.02", "bad-ratio": "0.02"},
         "columns": [{"name": "user_id", "type": "STRING NOT NULL"}, {"name": "event_time", "type": "TIMESTAMP_LTZ(3) NOT NULL"},
                     {"name": "amount", "type": "BIGINT"}, {"name": "event_id", "type": "BIGINT NOT NULL"}],
         "watermark": {"column": "event_time", "max_out_of_orderness_ms": )", kClicksBoundMicros / 1000, R"(, "idle_timeout_ms": 150}}},
      {"uid": "per_user", "inputs": [{"from": "clicks"}], "window_aggregate": {"time_column": "event_time", "size_ms": )", kClicksWindowMicros / 1000, R"(,
         "keys": ["user_id"], "aggregates": [{"function": "count", "name": "n"}, {"function": "sum", "column": "amount", "name": "total"},
                                             {"function": "max", "column": "event_id", "name": "newest"}]}},
      {"uid": "out", "inputs": [{"from": "per_user"}], "sink": {"connector": "delta", "options": {"table-path": "sim://out"}}},
      {"uid": "late", "inputs": [{"from": "per_user", "output": "late"}], "sink": {"connector": "delta", "options": {"table-path": "sim://late"}}},
      {"uid": "dead", "inputs": [{"from": "clicks", "output": "dead_letter"}], "sink": {"connector": "delta", "options": {"table-path": "sim://dead"}}}
    ]})");
}

GeneratorOptions ClicksGenerator(const ClicksSettings& settings) {
  auto plan = ReadPlanJson(ClicksPlan(settings));
  Check(plan.ok(), plan.ok() ? "" : std::string(plan.status().message()));
  std::vector<std::string> mistakes;
  return GeneratorOptions::Parse(plan->nodes(0).source(), &mistakes);
}

ClicksVerdict CheckClicks(const ClicksSettings& settings, Storage& storage) {
  ClicksVerdict verdict;
  auto add = [&verdict](size_t& count, std::string what) {
    ++count;
    if (verdict.problem.size() < 400) verdict.problem += Cat(verdict.problem.empty() ? "" : "; ", what);
  };
  // The ledger: what the generator made.
  const GeneratorOptions generator = ClicksGenerator(settings);
  std::map<int64_t, GeneratedRow> good;
  std::set<std::pair<int32_t, int64_t>> bad;
  for (int64_t split = 0; split < settings.splits; ++split) {
    for (int64_t position = 0; position < settings.rows_per_split; ++position) {
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
      std::pair at(partitions->Value(i), offsets->Value(i));
      if (!dead_seen.insert(at).second) add(verdict.duplicated, Cat("dead letter twice: offset ", at.second));
      if (!bad.contains(at)) add(verdict.wrong, Cat("dead letter of a good record: offset ", at.second));
    }
  }
  for (const auto& at : bad) {
    if (!dead_seen.contains(at)) add(verdict.lost, Cat("lost dead letter: split ", at.first, ", offset ", at.second));
  }
  // Late rows: each once, and in no window.
  if (auto late = ReadTable(*storage.At("sim://late"))) {
    auto ids = ColumnOf<arrow::Int64Array>(*late, "event_id");
    verdict.late = static_cast<size_t>(ids->length());
    for (int64_t i = 0; i < ids->length(); ++i) {
      if (good.erase(ids->Value(i)) != 1) add(verdict.duplicated, Cat("late row twice or unknown: ", ids->Value(i)));
    }
  }
  // The table: the answer over what is left.
  Answers expected;
  for (const auto& [id, row] : good) {
    int64_t start = row.event_time_micros - row.event_time_micros % kClicksWindowMicros;
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
        add(verdict.duplicated, Cat("window twice: ", key.first, " ", key.second));
      }
      if (!expected.contains(key)) add(verdict.wrong, Cat("window of no row: ", key.first, " ", key.second));
    }
  }
  for (const auto& [key, answer] : expected) {
    auto found = actual.find(key);
    if (found == actual.end()) {
      add(verdict.lost, Cat("lost window ", key.first, " ", key.second, " n ", answer.n));
    } else if (found->second != answer) {
      add(verdict.wrong, Cat("wrong window ", key.first, " ", key.second, " n ", found->second.n, " for ", answer.n));
    }
  }
  if (!verdict.problem.empty()) verdict.problem = Broken(Promise::kExactTable, verdict.problem);
  return verdict;
}

}  // namespace millrace::sim
