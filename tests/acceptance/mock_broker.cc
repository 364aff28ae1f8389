// Kafka in a process: librdkafka's mock cluster.
//
// usage: mock_broker TOPIC:PARTITIONS[:RECORDS]…   Fills topics with JSON records {"user_id": "u7", "amount": 7,
// "event_time": "…"}, prints the address to connect to, and serves until stdin ends.
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace {

struct Topic {
  std::string name;
  int partitions = 1;
  int records = 0;
};

Topic Parse(const char* argument) {
  std::vector<std::string> parts = absl::StrSplit(argument, ':');
  return {parts[0], parts.size() > 1 ? std::atoi(parts[1].c_str()) : 1,
          parts.size() > 2 ? std::atoi(parts[2].c_str()) : 0};
}

bool Produce(rd_kafka_t* producer, const Topic& topic) {
  for (int i = 0; i < topic.records; ++i) {
    std::string record = absl::StrFormat(
        R"({"user_id": "u%d", "amount": %d, "event_time": "2026-11-21 10:00:%02d.000Z"})", i % 10, i, i % 60);
    rd_kafka_resp_err_t error = rd_kafka_producev(
        producer, RD_KAFKA_V_TOPIC(topic.name.c_str()), RD_KAFKA_V_PARTITION(i % topic.partitions),
        RD_KAFKA_V_VALUE(record.data(), record.size()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  }
  return rd_kafka_flush(producer, 30'000) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace

int main(int argc, char** argv) {
  char reason[256];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", reason, sizeof(reason));
  rd_kafka_conf_set_log_cb(conf, nullptr);
  rd_kafka_t* producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
  if (producer == nullptr) {
    std::fprintf(stderr, "start the mock cluster: %s\n", reason);
    return 1;
  }
  rd_kafka_mock_cluster_t* cluster = rd_kafka_handle_mock_cluster(producer);
  for (int i = 1; i < argc; ++i) {
    Topic topic = Parse(argv[i]);
    rd_kafka_mock_topic_create(cluster, topic.name.c_str(), topic.partitions, 1);
    if (!Produce(producer, topic)) {
      std::fprintf(stderr, "fill topic %s\n", topic.name.c_str());
      return 1;
    }
  }
  std::printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
  std::fflush(stdout);
  std::cin.ignore(std::numeric_limits<std::streamsize>::max());
  rd_kafka_destroy(producer);
  return 0;
}
