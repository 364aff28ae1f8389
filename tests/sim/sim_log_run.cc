#include "tests/sim/sim_log_run.h"

#include <arrow/api.h>

#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "base/error.h"
#include "base/event_time.h"
#include "coordinator/plan/plan_json.h"
#include "state/checkpoint_manifest.h"
#include "tests/sim/table_reader.h"

namespace millrace::sim {
namespace {

constexpr char kPipeline[] = "clicks";

Cluster::Options With(Cluster::Options options, SimLog* log) {
  options.add_connectors = [log](ConnectorRegistry& registry, const ConnectorEnvironment& environment) { log->Add(registry, environment); };
  return options;
}

SimLog Filled(const SimLog::Options& options, const std::vector<SimLog::PartitionOptions>& partitions) {
  SimLog log(options);
  for (const auto& partition : partitions) log.AddPartition(partition);
  return log;
}

}  // namespace

LogRun::LogRun(Options options)
    : options_(std::move(options)), log_(Filled(options_.log, options_.partitions)), cluster_(With(options_.cluster, &log_)) {
  for (int32_t partition = 0; partition < log_.num_partitions(); ++partition) begins_.push_back(log_.Begin(partition));
}

int32_t LogRun::AddPartition(const SimLog::PartitionOptions& options) {
  begins_.push_back(options.begin);
  return log_.AddPartition(options);
}

v1::Plan LogRun::PlanWith(std::string_view bad_record_limit) const {
  auto plan = ReadPlanJson(
      Cat(R"({"format_version": 1, "name": "clicks", "parallelism": 3,
    "checkpoint": {"interval_ms": 100, "timeout_ms": 3000},
    "restart": {"initial_backoff_ms": 10, "max_backoff_ms": 100, "reset_after_ms": 1000, "max_restarts": 100000},
    "nodes": [
      {"uid": "clicks", "source": {"connector": "log", "options": {"topic": "clicks", "format": "json"},
         "columns": [{"name": "user_id", "type": "STRING NOT NULL"}, {"name": "event_time", "type": "TIMESTAMP_LTZ(3) NOT NULL"},
                     {"name": "amount", "type": "BIGINT"}, {"name": "event_id", "type": "BIGINT NOT NULL"}],
         )",
          bad_record_limit.empty() ? "" : Cat(R"("bad_record_limit": )", bad_record_limit, ","), R"(
         "watermark": {"column": "event_time", "max_out_of_orderness_ms": )",
          kBoundMicros / kMicrosPerMilli, R"(, "idle_timeout_ms": )", options_.idle_timeout_ms, R"(}}},
      )",
          options_.least_amount == 0
              ? ""
              : Cat(R"({"uid": "large", "inputs": [{"from": "clicks"}], "filter": {"condition": {"call": {
         "function": "greater_equal", "args": [{"column": "amount"}, {"literal": {"type": "INT", "value": ")",
                    options_.least_amount, R"("}}]}}}},)"),
          R"(
      {"uid": "per_user", "inputs": [{"from": ")",
          options_.least_amount == 0 ? "clicks" : "large",
          R"("}], "window_aggregate": {"time_column": "event_time", "size_ms": )", kWindowMicros / kMicrosPerMilli, R"(,
         "keys": ["user_id"], "aggregates": [{"function": "count", "name": "n"}, {"function": "sum", "column": "amount", "name": "total"}]}},
      {"uid": "out", "inputs": [{"from": "per_user"}], "sink": {"connector": "delta", "options": {"table-path": "sim://out"}}},
      {"uid": "late", "inputs": [{"from": "per_user", "output": "late"}], "sink": {"connector": "delta", "options": {"table-path": "sim://late"}}},
      {"uid": "dead", "inputs": [{"from": "clicks", "output": "dead_letter"}], "sink": {"connector": "delta", "options": {"table-path": "sim://dead"}}}
    ]})"));
  Check(plan.ok(), plan.ok() ? "" : std::string(plan.status().message()));
  return *std::move(plan);
}

void LogRun::Start() { cluster_.Submit(PlanWith(options_.bad_record_limit)); }

std::string LogRun::FailsWithin(absl::Duration limit) {
  for (const absl::Duration end = cluster_.world().now() + limit; cluster_.world().now() < end; cluster_.Run(absl::Milliseconds(50))) {
    auto view = cluster_.Call([](Coordinator& c, Coordinator::Done done) { c.Get(kPipeline, std::move(done)); });
    if (view.ok() && view->state() == v1::PIPELINE_STATE_FAILED) return view->reason();
  }
  return "";
}

bool LogRun::StopAtCheckpoint() {
  auto stopped = cluster_.Call([](Coordinator& c, Coordinator::Done done) { c.Stop(kPipeline, false, std::move(done)); });
  return stopped.ok() && cluster_.RunUntilState(kPipeline, v1::PIPELINE_STATE_STOPPED, absl::Minutes(1));
}

int64_t LogRun::NumFired() {
  auto out = ReadTable(*cluster_.storage().At("sim://out"));
  return out == nullptr ? 0 : out->num_rows();
}

std::map<std::string, int64_t> LogRun::Positions() {
  std::map<std::string, int64_t> positions;
  const storage::v1::PipelineRecord& record = cluster_.windows().record();
  auto manifest = GetManifest(*cluster_.storage().At("sim://checkpoints"), record.completed_manifest(), kPipeline, record.lineage());
  if (!manifest.ok()) return positions;
  for (const auto& source : manifest->sources()) {
    for (const auto& split : source.splits()) positions[split.id()] = split.position();
  }
  return positions;
}

int64_t LogRun::EndOf(int32_t partition) const {
  int64_t bounded = log_.BoundedEnd(partition);
  return bounded < 0 ? log_.End(partition) : std::min(bounded, log_.End(partition));
}

bool LogRun::Drain() {
  cluster_.StopFaults();
  for (int32_t partition = 0; partition < log_.num_partitions(); ++partition) log_.Pause(partition);
  size_t epochs = 0;
  bool all_read = cluster_.RunUntil(
      [&] {
        if (cluster_.windows().num_completed() == epochs) return false;
        epochs = cluster_.windows().num_completed();
        std::map<std::string, int64_t> positions = Positions();
        for (int32_t partition = 0; partition < log_.num_partitions(); ++partition) {
          auto found = positions.find(log_.IdOf(partition));
          if (found == positions.end() || found->second != EndOf(partition)) return false;
        }
        return true;
      },
      absl::Minutes(2));
  if (!all_read || !cluster_.RunUntilState(kPipeline, v1::PIPELINE_STATE_RUNNING, absl::Minutes(1))) return false;
  auto stopped = cluster_.Call([](Coordinator& c, Coordinator::Done done) { c.Stop(kPipeline, true, std::move(done)); });
  return stopped.ok() && cluster_.RunUntilState(kPipeline, v1::PIPELINE_STATE_FINISHED, absl::Minutes(1));
}

std::string LogRun::Problem(const std::set<int32_t>& always_active) {
  if (!cluster_.windows().problem().empty()) return cluster_.windows().problem();
  std::map<int64_t, SimLog::Record> by_id;
  std::set<std::pair<int32_t, int64_t>> bad;
  for (const SimLog::Record& record : log_.Ledger()) {
    if (record.offset < begins_[static_cast<size_t>(record.partition)] || record.offset >= EndOf(record.partition)) continue;
    if (record.bad) {
      bad.insert({record.partition, record.offset});
    } else {
      by_id[record.row.event_id] = record;
    }
  }
  std::set<int64_t> late;
  std::string problem = CheckDead(bad);
  if (problem.empty()) problem = CheckLate(by_id, always_active, &late);
  if (problem.empty()) problem = CheckWindows(by_id, late);
  num_late_ = late.size();
  return problem;
}

std::string LogRun::CheckDead(const std::set<std::pair<int32_t, int64_t>>& bad) {
  std::set<std::pair<int32_t, int64_t>> seen;
  if (auto dead = ReadTable(*cluster_.storage().At("sim://dead"))) {
    auto partitions = ColumnOf<arrow::Int32Array>(*dead, "partition");
    auto offsets = ColumnOf<arrow::Int64Array>(*dead, "offset");
    for (int64_t i = 0; i < dead->num_rows(); ++i) {
      if (seen.insert({partitions->Value(i), offsets->Value(i)}).second) continue;
      return Cat("dead letter twice: partition ", partitions->Value(i), " offset ", offsets->Value(i));
    }
  }
  return seen == bad ? "" : Cat("dead letters: ", seen.size(), " of ", bad.size());
}

std::string LogRun::CheckLate(const std::map<int64_t, SimLog::Record>& by_id, const std::set<int32_t>& always_active,
                              std::set<int64_t>* late) {
  auto table = ReadTable(*cluster_.storage().At("sim://late"));
  if (table == nullptr) return "";
  // The rule: a partition's watermark is its newest row less the bound and 1 ms; the operator's is that of the
  // partition that is furthest behind, idle ones left out.
  std::map<std::pair<int32_t, int64_t>, EventTimeMicros> own;  // before each record
  EventTimeMicros highest = kNoWatermark;
  std::vector<SimLog::Record> in_order;
  for (const auto& [id, record] : by_id) in_order.push_back(record);
  std::sort(in_order.begin(), in_order.end(), [](const auto& a, const auto& b) {
    return std::tie(a.partition, a.offset) < std::tie(b.partition, b.offset);
  });
  EventTimeMicros watermark = kNoWatermark;
  for (size_t i = 0; i < in_order.size(); ++i) {
    if (i == 0 || in_order[i].partition != in_order[i - 1].partition) watermark = kNoWatermark;
    own[{in_order[i].partition, in_order[i].offset}] = watermark;
    watermark = std::max(watermark, in_order[i].row.event_time_micros - kBoundMicros - kMicrosPerMilli);
    highest = std::max(highest, watermark);
  }
  auto ids = ColumnOf<arrow::Int64Array>(*table, "event_id");
  auto ends = ColumnOf<arrow::TimestampArray>(*table, "window_end");
  auto watermarks = ColumnOf<arrow::TimestampArray>(*table, "watermark");
  for (int64_t i = 0; i < table->num_rows(); ++i) {
    auto found = by_id.find(ids->Value(i));
    if (found == by_id.end() || !IsWanted(found->second) || !late->insert(ids->Value(i)).second)
      return Cat("late row twice or unknown: ", ids->Value(i));
    const SimLog::Record& record = found->second;
    const std::string which = Cat("late row: partition ", record.partition, " offset ", record.offset);
    int64_t start = WindowStart(record.row.event_time_micros, kWindowMicros, 0);
    if (ends->Value(i) != start + kWindowMicros) return Cat(which, " names another window");
    if (!WindowHasPassed(ends->Value(i), watermarks->Value(i))) return Cat(which, " is not late by the watermark beside it");
    if (watermarks->Value(i) > highest) return Cat(which, " met a watermark that no partition reached");
    if (!always_active.contains(record.partition)) continue;
    if (!WindowHasPassed(ends->Value(i), own[{record.partition, record.offset}])) return Cat(which, " would have been kept by its own partition");
  }
  return "";
}

std::string LogRun::CheckWindows(const std::map<int64_t, SimLog::Record>& by_id, const std::set<int64_t>& late) {
  using Answer = std::pair<int64_t, int64_t>;
  std::map<std::pair<std::string, int64_t>, Answer> expected;
  for (const auto& [id, record] : by_id) {
    if (late.contains(id) || !IsWanted(record)) continue;
    Answer& answer = expected[{Cat("user-", record.row.user), WindowStart(record.row.event_time_micros, kWindowMicros, 0)}];
    ++answer.first;
    answer.second += static_cast<int64_t>(record.row.amount);
  }
  std::map<std::pair<std::string, int64_t>, Answer> actual;
  if (auto out = ReadTable(*cluster_.storage().At("sim://out"))) {
    auto users = ColumnOf<arrow::StringArray>(*out, "user_id");
    auto starts = ColumnOf<arrow::TimestampArray>(*out, "window_start");
    auto n = ColumnOf<arrow::Int64Array>(*out, "n");
    auto totals = ColumnOf<arrow::Int64Array>(*out, "total");
    for (int64_t i = 0; i < out->num_rows(); ++i) {
      if (actual.emplace(std::pair(users->GetString(i), starts->Value(i)), Answer(n->Value(i), totals->Value(i))).second) continue;
      return Cat("window twice: ", users->GetString(i), " ", starts->Value(i));
    }
  }
  if (actual == expected) return "";
  int64_t counted = 0;
  int64_t wanted = 0;
  for (const auto& [key, answer] : actual) counted += answer.first;
  for (const auto& [key, answer] : expected) wanted += answer.first;
  return Cat("windows: ", actual.size(), " of ", expected.size(), ", with ", counted, " of ", wanted, " records");
}

}  // namespace millrace::sim
