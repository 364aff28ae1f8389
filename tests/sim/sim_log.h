#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/random.h"
#include "connectors/generator/generator_source.h"
#include "connectors/registry.h"

namespace millrace::sim {

// A topic outside of every simulated process, which behaves like Kafka's: partitions with offsets, retention, records
// that come over time and in lumps, brokers that are away for a moment. What stands at an offset is a function of seed,
// incarnation of the topic, partition and offset; how much of it is there by now is a function of virtual time.
//
//   Add(registry, environment)   registers connector 'log': options 'topic' and 'format'; columns as the generator's
//
// Records are JSON and go through the decoder that Kafka's go through; positions go through PartitionCursor, which
// decides what is refused.
//
// Thread:  the world's. Outlives the cluster.
class SimLog {
 public:
  // Records come from `since` on, this many a second, in lumps of this size.
  struct Flow {
    double records_per_second = 400;
    int64_t lump = 1;
  };
  struct PartitionOptions {
    Flow flow = {};
    int64_t begin = 0;       // records before it were removed by retention
    int64_t num_there = 0;   // records from `begin` on that are there at once
    int64_t max_records = -1;  // then no more come, though the partition stays; -1: never
    int64_t end = -1;        // a bounded read of it ends here; -1: unbounded
    // Added to the event times, in ms: how much later than the topic it began.
    int64_t later_ms = 0;
  };
  struct Options {
    uint64_t seed = 1;
    std::string topic = "clicks";
    int64_t keys = 20;
    int64_t event_step_ms = 10;
    int64_t disorder_ms = 100;
    double late_ratio = 0;
    double bad_ratio = 0;
    int64_t max_records_per_fetch = 64;  // of one partition
    // Chance that a fetch, an opening or a question about metadata finds no leader.
    double error_chance = 0;
    absl::Duration discovery_interval = absl::Milliseconds(100);
  };
  // One record that was ever there, in this incarnation of the topic.
  struct Record {
    int32_t partition = 0;
    int64_t offset = 0;
    GeneratedRow row;   // event_id is unique in all incarnations
    bool bad = false;   // also if it was put there by PutValue
  };

  explicit SimLog(Options options);
  void Add(ConnectorRegistry& registry, const ConnectorEnvironment& environment);

  // What a user or a broker does, at the present moment. AddPartition returns its number.
  int32_t AddPartition(PartitionOptions options);
  void Pause(int32_t partition);
  void Resume(int32_t partition) { SetFlow(partition, At(partition).options.flow); }
  void SetFlow(int32_t partition, Flow flow);
  // The partition's broker is away: records come, and readers get neither them nor the news where the end is.
  void SetReachable(int32_t partition, bool is_reachable) { partitions_[static_cast<size_t>(partition)].is_reachable = is_reachable; }
  // Puts a record with this payload behind the last one. The ledger counts it as bad.
  void PutValue(int32_t partition, std::string value);
  // Retention removes what is before this offset.
  void Truncate(int32_t partition, int64_t begin);
  // Deletes the topic and makes it anew under its name, with these partitions.
  void ReplaceTopic(std::vector<PartitionOptions> partitions);

  // What is there: [begin, end).
  int32_t num_partitions() const { return static_cast<int32_t>(partitions_.size()); }
  int64_t Begin(int32_t partition) const { return At(partition).options.begin; }
  int64_t End(int32_t partition) const;
  // Every record of the topic's present incarnation below End, also of those that retention has removed.
  std::vector<Record> Ledger() const;
  std::string IdOf(int32_t partition) const;

  // What was asked of it, for tests that want to strike at that moment. Called while it is asked.
  std::function<void(size_t num_partitions)> on_listed;
  std::function<void(int32_t partition, int64_t offset)> on_opened;

  // For the connector.
  const Options& options() const { return options_; }
  uint64_t incarnation() const { return incarnation_; }
  int64_t BoundedEnd(int32_t partition) const { return At(partition).options.end; }
  bool IsReachable(int32_t partition) const { return At(partition).is_reachable; }
  Record At(int32_t partition, int64_t offset) const;
  std::string ValueAt(int32_t partition, int64_t offset) const;
  // When the broker took it, as record timestamps tell, in ms.
  int64_t TimestampAt(int64_t offset) const { return 1'760'000'000'000 + offset; }
  bool FindsNoLeader() { return random_.Chance(options_.error_chance); }

 private:
  struct Partition {
    PartitionOptions options;
    // Records before the flow began, and when that was. Not flowing: paused.
    int64_t base = 0;
    absl::Duration since;
    bool flows = true;
    bool is_reachable = true;
    std::map<int64_t, std::string> values;
  };
  const Partition& At(int32_t partition) const { return partitions_[static_cast<size_t>(partition)]; }
  absl::Duration Now() const { return clock_ == nullptr ? absl::ZeroDuration() : clock_->Monotonic(); }
  void Settle(Partition& partition) const;
  int64_t EndOf(const Partition& partition) const;

  const Options options_;
  GeneratorOptions rows_;
  Random random_;
  const Clock* clock_ = nullptr;
  uint64_t incarnation_ = 1;
  std::vector<Partition> partitions_;
};

}  // namespace millrace::sim
