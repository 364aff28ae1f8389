#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "tests/e2e/kafka/click_maker.h"

namespace millrace::e2e {

// Writes click events into a topic in transactions, one in ten of which it aborts, and keeps a ledger of every record:
//
//   partition, offset, fate (committed or aborted), kind, user_id, event time in ms, amount or empty, wall clock in ms;
//   tab-separated
//
// Owns:    the producer.
// Thread:  one.
// Fails:   prints what went wrong and ends the process: a test's tool.
class TopicFeeder {
 public:
  struct Options {
    std::string brokers;
    std::string topic;
    std::string ledger;
    ClickMaker::Options clicks;
    std::set<int32_t> partitions;
  };
  explicit TopicFeeder(Options options);
  ~TopicFeeder();

  void Use(int32_t partition) { partitions_.insert(partition); }
  void Silence(int32_t partition) { partitions_.erase(partition); }
  // One transaction. Blocks until it has ended.
  void Feed(int64_t num_records);
  int64_t num_committed() const { return num_committed_; }
  int64_t num_aborted() const { return num_aborted_; }

 private:
  struct Sent {
    Click click;
    int32_t partition = -1;
    int64_t offset = -1;
  };
  static void OnDelivered(rd_kafka_t* producer, const rd_kafka_message_t* message, void* self);
  void AskForPartitions();
  void Send(Sent& sent);
  void Write(const std::vector<Sent>& sent, bool committed);

  const std::string topic_;
  std::set<int32_t> partitions_;
  ClickMaker clicks_;
  std::mt19937_64 random_;
  rd_kafka_t* producer_ = nullptr;
  std::FILE* ledger_ = nullptr;
  int64_t num_committed_ = 0;
  int64_t num_aborted_ = 0;
  int64_t num_transactions_ = 0;
};

}  // namespace millrace::e2e
