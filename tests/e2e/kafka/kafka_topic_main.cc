// kafka_topic BROKERS create TOPIC PARTITIONS
// kafka_topic BROKERS grow TOPIC PARTITIONS     to so many partitions in all
// kafka_topic BROKERS delete TOPIC
// kafka_topic BROKERS trim TOPIC OFFSET         removes what is below the offset from partition 0, as retention does
//
// Returns when the broker has done it: 0, or 1 with what it says.
#include <librdkafka/rdkafka.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

namespace {

constexpr int kTimeoutMs = 30'000;

void Trim(rd_kafka_t* client, const char* topic, int64_t offset, rd_kafka_queue_t* queue) {
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic, 0)->offset = offset;
  rd_kafka_DeleteRecords_t* records = rd_kafka_DeleteRecords_new(list);
  rd_kafka_DeleteRecords(client, &records, 1, nullptr, queue);
  rd_kafka_DeleteRecords_destroy(records);
  rd_kafka_topic_partition_list_destroy(list);
}

// What the broker said about the one topic of the answer; nullptr: fine.
const char* ErrorOf(rd_kafka_event_t* answer) {
  if (rd_kafka_event_error(answer) != RD_KAFKA_RESP_ERR_NO_ERROR) return rd_kafka_event_error_string(answer);
  if (const auto* trimmed = rd_kafka_event_DeleteRecords_result(answer)) {
    const rd_kafka_topic_partition_list_t* list = rd_kafka_DeleteRecords_result_offsets(trimmed);
    return list->elems[0].err == RD_KAFKA_RESP_ERR_NO_ERROR ? nullptr : rd_kafka_err2str(list->elems[0].err);
  }
  const rd_kafka_topic_result_t** topics = nullptr;
  size_t count = 0;
  if (const auto* created = rd_kafka_event_CreateTopics_result(answer)) {
    topics = rd_kafka_CreateTopics_result_topics(created, &count);
  } else if (const auto* grown = rd_kafka_event_CreatePartitions_result(answer)) {
    topics = rd_kafka_CreatePartitions_result_topics(grown, &count);
  } else if (const auto* deleted = rd_kafka_event_DeleteTopics_result(answer)) {
    topics = rd_kafka_DeleteTopics_result_topics(deleted, &count);
  }
  if (count != 1) return "the answer is not about one topic";
  if (rd_kafka_topic_result_error(topics[0]) == RD_KAFKA_RESP_ERR_NO_ERROR) return nullptr;
  return rd_kafka_topic_result_error_string(topics[0]);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 2 ? argv[2] : "";
  const bool counts = verb == "create" || verb == "grow" || verb == "trim";
  if (argc != (counts ? 5 : 4) || (!counts && verb != "delete")) {
    std::cerr << "usage: kafka_topic BROKERS create|grow TOPIC PARTITIONS | trim TOPIC OFFSET | delete TOPIC\n";
    return 2;
  }
  char reason[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], reason, sizeof(reason));
  std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> client(
      rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason)), &rd_kafka_destroy);
  if (client == nullptr) {
    std::cerr << "kafka_topic: " << reason << "\n";
    return 1;
  }
  std::unique_ptr<rd_kafka_queue_t, decltype(&rd_kafka_queue_destroy)> queue(rd_kafka_queue_new(client.get()),
                                                                             &rd_kafka_queue_destroy);
  const int number = counts ? std::atoi(argv[4]) : 0;
  if (verb == "create") {
    rd_kafka_NewTopic_t* topic =
        rd_kafka_NewTopic_new(argv[3], number, /*replication_factor=*/1, reason, sizeof(reason));
    rd_kafka_CreateTopics(client.get(), &topic, 1, nullptr, queue.get());
    rd_kafka_NewTopic_destroy(topic);
  } else if (verb == "grow") {
    rd_kafka_NewPartitions_t* grown =
        rd_kafka_NewPartitions_new(argv[3], static_cast<size_t>(number), reason, sizeof(reason));
    rd_kafka_CreatePartitions(client.get(), &grown, 1, nullptr, queue.get());
    rd_kafka_NewPartitions_destroy(grown);
  } else if (verb == "trim") {
    Trim(client.get(), argv[3], number, queue.get());
  } else {
    rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(argv[3]);
    rd_kafka_DeleteTopics(client.get(), &topic, 1, nullptr, queue.get());
    rd_kafka_DeleteTopic_destroy(topic);
  }
  rd_kafka_event_t* answer = rd_kafka_queue_poll(queue.get(), kTimeoutMs);
  const char* error = answer == nullptr ? "no answer" : ErrorOf(answer);
  if (error != nullptr)
    std::cerr << "kafka_topic: " << verb << " " << argv[3] << " at " << argv[1] << ": " << error << "\n";
  int code = error == nullptr ? 0 : 1;
  if (answer != nullptr) rd_kafka_event_destroy(answer);
  return code;
}
