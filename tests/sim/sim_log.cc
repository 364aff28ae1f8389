#include "tests/sim/sim_log.h"

#include <algorithm>
#include <limits>

#include "absl/time/time.h"
#include "base/error.h"
#include "tests/sim/sim_log_connector.h"

namespace millrace::sim {
namespace {

// More partitions than any test has: ids of events are dealt out among them.
constexpr int64_t kMaxPartitions = 64;
constexpr int64_t kIdsPerIncarnation = 1'000'000'000;

}  // namespace

SimLog::SimLog(Options options) : options_(std::move(options)), random_(options_.seed ^ 0x51e0'9c0f) {
  rows_.splits = kMaxPartitions;
  rows_.keys = options_.keys;
  rows_.event_step_ms = options_.event_step_ms;
  rows_.disorder_ms = options_.disorder_ms;
  rows_.late_ratio = options_.late_ratio;
  rows_.bad_ratio = options_.bad_ratio;
}

void SimLog::Add(ConnectorRegistry& registry, const ConnectorEnvironment& environment) {
  if (clock_ == nullptr) {
    clock_ = environment.clock;
    for (Partition& partition : partitions_) partition.since = Now();
  }
  registry.AddSource("log", MakeSimLogConnector(this));
}

int32_t SimLog::AddPartition(PartitionOptions options) {
  Partition partition;
  partition.base = options.begin + options.num_there;
  partition.options = options;
  partition.since = Now();
  partitions_.push_back(std::move(partition));
  return num_partitions() - 1;
}

int64_t SimLog::EndOf(const Partition& partition) const {
  int64_t end = partition.base;
  if (partition.flows && partition.options.flow.records_per_second > 0) {
    const Flow& flow = partition.options.flow;
    int64_t due = static_cast<int64_t>(absl::ToDoubleSeconds(Now() - partition.since) * flow.records_per_second);
    end += due / flow.lump * flow.lump;
  }
  if (partition.options.max_records < 0) return end;
  return std::min(end, std::max(partition.base, partition.options.begin + partition.options.max_records));
}

int64_t SimLog::End(int32_t partition) const { return EndOf(At(partition)); }

void SimLog::Settle(Partition& partition) const {
  partition.base = EndOf(partition);
  partition.since = Now();
}

void SimLog::Pause(int32_t partition) {
  Partition& paused = partitions_[static_cast<size_t>(partition)];
  Settle(paused);
  paused.flows = false;
}

void SimLog::SetFlow(int32_t partition, Flow flow) {
  Partition& flowing = partitions_[static_cast<size_t>(partition)];
  Settle(flowing);
  flowing.options.flow = flow;
  flowing.flows = true;
}

void SimLog::PutValue(int32_t partition, std::string value) {
  Partition& taking = partitions_[static_cast<size_t>(partition)];
  Settle(taking);
  taking.values[taking.base++] = std::move(value);
}

void SimLog::Truncate(int32_t partition, int64_t begin) {
  Partition& truncated = partitions_[static_cast<size_t>(partition)];
  Settle(truncated);
  truncated.options.begin = std::clamp(begin, truncated.options.begin, truncated.base);
}

void SimLog::ReplaceTopic(std::vector<PartitionOptions> partitions) {
  ++incarnation_;
  partitions_.clear();
  for (const PartitionOptions& options : partitions) AddPartition(options);
}

std::string SimLog::IdOf(int32_t partition) const { return Cat(options_.topic, "/", partition); }

SimLog::Record SimLog::At(int32_t partition, int64_t offset) const {
  GeneratorOptions rows = rows_;
  rows.seed = options_.seed + incarnation_ * 7919;
  rows.start_time_ms += At(partition).options.later_ms;
  Record record{.partition = partition, .offset = offset, .row = GenerateRow(rows, partition, offset)};
  record.row.event_id += static_cast<int64_t>(incarnation_) * kIdsPerIncarnation;
  record.bad = record.row.bad || At(partition).values.contains(offset);
  return record;
}

std::string SimLog::ValueAt(int32_t partition, int64_t offset) const {
  const Partition& at = At(partition);
  if (auto put = at.values.find(offset); put != at.values.end()) return put->second;
  Record record = At(partition, offset);
  if (record.bad) return R"({"user_id": broken)";
  std::string time = absl::FormatTime("%Y-%m-%d %H:%M:%E3SZ", absl::FromUnixMicros(record.row.event_time_micros), absl::UTCTimeZone());
  return Cat(R"({"user_id":"user-)", record.row.user, R"(","event_time":")", time, R"(","amount":)", record.row.amount,
             R"(,"url":"/page/)", record.row.url, R"(","event_id":)", record.row.event_id, "}");
}

std::vector<SimLog::Record> SimLog::Ledger() const {
  std::vector<Record> records;
  for (int32_t partition = 0; partition < num_partitions(); ++partition) {
    for (int64_t offset = 0, end = End(partition); offset < end; ++offset) records.push_back(At(partition, offset));
  }
  return records;
}

}  // namespace millrace::sim
