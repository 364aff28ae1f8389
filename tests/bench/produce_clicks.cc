// Fills a Kafka topic with click events for the benchmarks, and prints what a pipeline must make of them.
//
//   produce_clicks BOOTSTRAP TOPIC NUM_EVENTS NUM_KEYS SEED
//
// Event i carries event time kStart + i / kEventsPerSecond, moved back by up to kDisorder, and goes to partition i
// mod the topic's number of partitions. The last line on stdout is one JSON object: num_events, bytes, num_even
// (events whose amount is even: the filter of workload a), num_groups and digest (of the 10 s windows per user: the
// sum over all groups of Mark(), see tests/bench/pipelines.py).
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace {

constexpr int64_t kStartMs = 1767225600000;  // 2026-01-01 00:00:00 UTC
constexpr int64_t kEventsPerSecond = 100'000;
constexpr int64_t kDisorderMs = 500;
constexpr int64_t kWindowMs = 10'000;
constexpr int64_t kMaxAmount = 1000;

[[noreturn]] void Die(const std::string& message) {
  std::fprintf(stderr, "produce_clicks: %s\n", message.c_str());
  std::exit(1);
}

// splitmix64: a stateless source of randomness, so that event i is a function of the seed and i.
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

struct Click {
  int64_t user;
  int64_t amount;
  int64_t time_ms;
  uint64_t rest;
};

Click ClickAt(uint64_t seed, uint64_t i, uint64_t num_keys) {
  uint64_t a = Mix(seed * 0x100000001b3ull + i);
  uint64_t b = Mix(a);
  return {.user = static_cast<int64_t>(a % num_keys),
          .amount = static_cast<int64_t>((b >> 32) % kMaxAmount),
          .time_ms = kStartMs + static_cast<int64_t>(i) * 1000 / kEventsPerSecond - static_cast<int64_t>(b % kDisorderMs),
          .rest = b};
}

int Format(const Click& click, char* out, size_t room) {
  int64_t ms = click.time_ms - kStartMs + 86'400'000;  // the day before may begin
  int64_t day = ms / 86'400'000;
  int64_t in_day = ms % 86'400'000;
  if (day > 30) Die("too many events: event time leaves January 2026");
  const char* date = "2025-12-31";
  char later[16];
  if (day > 0) {
    std::snprintf(later, sizeof(later), "2026-01-%02d", static_cast<int>(day));
    date = later;
  }
  return std::snprintf(out, room,
                       R"({"user_id":%lld,"event_time":"%s %02d:%02d:%02d.%03d","amount":%lld,"url":"/shop/item/%05llu","agent":"%08llx"})",
                       static_cast<long long>(click.user), date, static_cast<int>(in_day / 3'600'000),
                       static_cast<int>(in_day / 60'000 % 60), static_cast<int>(in_day / 1000 % 60),
                       static_cast<int>(in_day % 1000), static_cast<long long>(click.amount),
                       static_cast<unsigned long long>(click.rest % 100'000),
                       static_cast<unsigned long long>(click.rest >> 32));
}

struct Group {
  int64_t count = 0;
  int64_t sum = 0;
};

// One number per group; the check computes the same over the table's rows.
uint64_t Mark(int64_t window_s, int64_t user, const Group& group) {
  auto value = static_cast<__int128>(window_s) * 7919 + static_cast<__int128>(user) * 1'000'003 +
               static_cast<__int128>(group.count) * 104'729'000'003 + static_cast<__int128>(group.sum) * 1'299'709;
  return static_cast<uint64_t>(value % 2'147'483'647);
}

// Windows are told apart by sorting: independent of any hash table, and cheap on memory.
struct Windows {
  struct Row {
    int64_t user;
    int64_t amount;
  };
  std::map<int64_t, std::vector<Row>> open;
  uint64_t num_groups = 0;
  uint64_t digest = 0;

  void Add(const Click& click) {
    int64_t start = click.time_ms - click.time_ms % kWindowMs;
    open[start].push_back({click.user, click.amount});
    if (open.size() > 3) Close(open.begin());
  }
  void Close(std::map<int64_t, std::vector<Row>>::iterator window) {
    std::vector<Row>& rows = window->second;
    std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.user < b.user; });
    for (size_t i = 0; i < rows.size();) {
      Group group;
      size_t first = i;
      for (; i < rows.size() && rows[i].user == rows[first].user; ++i) {
        ++group.count;
        group.sum += rows[i].amount;
      }
      ++num_groups;
      digest += Mark(window->first / 1000, rows[first].user, group);
    }
    open.erase(window);
  }
};

int64_t num_failed = 0;

void OnDelivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) ++num_failed;
}

void Set(rd_kafka_conf_t* conf, const char* name, const char* value) {
  char error[512];
  if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) != RD_KAFKA_CONF_OK) Die(error);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) Die("usage: produce_clicks BOOTSTRAP TOPIC NUM_EVENTS NUM_KEYS SEED");
  uint64_t num_events = std::strtoull(argv[3], nullptr, 10);
  uint64_t num_keys = std::strtoull(argv[4], nullptr, 10);
  uint64_t seed = std::strtoull(argv[5], nullptr, 10);
  if (num_events == 0 || num_keys == 0) Die("NUM_EVENTS and NUM_KEYS must be positive");

  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  Set(conf, "bootstrap.servers", argv[1]);
  Set(conf, "compression.codec", "lz4");
  Set(conf, "log_level", "3");  // a broker that has just started makes it retry, and say so
  Set(conf, "linger.ms", "50");
  Set(conf, "batch.num.messages", "10000");
  Set(conf, "queue.buffering.max.messages", "1000000");
  Set(conf, "enable.idempotence", "true");
  rd_kafka_conf_set_dr_msg_cb(conf, OnDelivery);
  char error[512];
  rd_kafka_t* producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
  if (producer == nullptr) Die(error);
  rd_kafka_topic_t* topic = rd_kafka_topic_new(producer, argv[2], nullptr);
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(producer, 0, topic, &metadata, 30'000) != RD_KAFKA_RESP_ERR_NO_ERROR) Die("no metadata of the topic");
  auto num_partitions = static_cast<uint64_t>(metadata->topics[0].partition_cnt);
  if (num_partitions == 0) Die("the topic has no partitions");
  rd_kafka_metadata_destroy(metadata);

  Windows windows;
  uint64_t bytes = 0;
  uint64_t num_even = 0;
  for (uint64_t i = 0; i < num_events; ++i) {
    Click click = ClickAt(seed, i, num_keys);
    windows.Add(click);
    num_even += click.amount % 2 == 0 ? 1 : 0;
    char text[256];
    int size = Format(click, text, sizeof(text));
    bytes += static_cast<uint64_t>(size);
    while (rd_kafka_produce(topic, static_cast<int32_t>(i % num_partitions), RD_KAFKA_MSG_F_COPY, text, static_cast<size_t>(size),
                            nullptr, 0, nullptr) != 0) {
      if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) Die(rd_kafka_err2str(rd_kafka_last_error()));
      rd_kafka_poll(producer, 100);
    }
    if (i % 4096 == 0) rd_kafka_poll(producer, 0);
  }
  if (rd_kafka_flush(producer, 120'000) != RD_KAFKA_RESP_ERR_NO_ERROR || num_failed != 0) Die("events were not delivered");
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(producer);
  while (!windows.open.empty()) windows.Close(windows.open.begin());
  std::printf(R"({"num_events":%llu,"bytes":%llu,"num_even":%llu,"num_groups":%llu,"digest":%llu})"
              "\n",
              static_cast<unsigned long long>(num_events), static_cast<unsigned long long>(bytes),
              static_cast<unsigned long long>(num_even), static_cast<unsigned long long>(windows.num_groups),
              static_cast<unsigned long long>(windows.digest));
  return 0;
}
