#pragma once

#include <librdkafka/rdkafka.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "connectors/kafka/kafka_options.h"

namespace millrace {

struct TopicPartitionsDeleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};
using TopicPartitions = std::unique_ptr<rd_kafka_topic_partition_list_t, TopicPartitionsDeleter>;
struct QueueDeleter {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};
using QueueHandle = std::unique_ptr<rd_kafka_queue_t, QueueDeleter>;

// One partition, and its name as a split: "topic/3".
struct KafkaSplit {
  std::string topic;
  int32_t partition = 0;
  std::string Id() const;
  static absl::StatusOr<KafkaSplit> Parse(std::string_view id);
};

// The one place where librdkafka's error codes become ours; `doing` says what we tried and on what.
absl::Status FromKafka(rd_kafka_resp_err_t error, std::string_view doing);

// A consumer that never joins a group and never commits by itself.
//
// Owns:    the client and its threads.
// Thread:  one at a time; errors are collected by whoever polls.
// Blocks:  destruction too, while commits are under way: for seconds if their broker is gone. By then what was fetched
//          and the consumer's queue must have been given back.
class KafkaClient {
 public:
  // InvalidArgument: librdkafka refuses a setting. `group_id` is only a name: there is no membership.
  static absl::StatusOr<std::unique_ptr<KafkaClient>> Make(const KafkaOptions& options, std::string_view group_id);
  ~KafkaClient();

  rd_kafka_t* get() const { return client_; }
  // Blocks until a broker has answered. Fails: Unavailable, with the addresses, the reason and what to look at; at once
  // when every broker refuses, else after `timeout`.
  absl::Status AwaitBroker(absl::Duration timeout);
  // Blocks. The identity of the cluster.
  absl::StatusOr<std::string> ClusterId(absl::Duration timeout);
  // Blocks. One offset per split for these timestamps in milliseconds; RD_KAFKA_OFFSET_BEGINNING and _END are taken
  // too. A timestamp behind the last record gives the end. With read_committed, the end is that of what is committed.
  absl::StatusOr<std::vector<int64_t>> QueryOffsets(const std::vector<KafkaSplit>& splits, const std::vector<int64_t>& timestamps,
                                                    absl::Duration timeout);
  // Reads these partitions too, each from its offset.
  absl::Status Assign(const TopicPartitions& partitions);
  // Is told librdkafka's name of every error, on the thread that polls.
  void OnEveryError(std::function<void(std::string_view code)> listener) { listener_ = std::move(listener); }
  // Takes what went wrong since the last call; OK: nothing that matters. Most errors of partitions come as messages.
  // NotFound: one that is read is no longer there.
  absl::Status TakeError();

 private:
  explicit KafkaClient(std::string bootstrap_servers) : bootstrap_servers_(std::move(bootstrap_servers)) {}
  static void OnError(rd_kafka_t* client, int error, const char* reason, void* self);
  absl::Status Unreachable() const;

  const std::string bootstrap_servers_;
  rd_kafka_t* client_ = nullptr;
  rd_kafka_resp_err_t last_error_ = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string last_reason_;
  bool all_brokers_down_ = false;
  // The first one since TakeError.
  absl::Status partition_error_;
  // Of every partition that was ever assigned.
  std::vector<QueueHandle> partition_queues_;
  std::function<void(std::string_view code)> listener_;
};

}  // namespace millrace
