// demo_broker: librdkafka's mock cluster as a broker that other processes can use, and a producer of clicks that keeps
// a ledger.
//
// usage: demo_broker LEDGER [PARTITIONS EVENTS RATE SEED]
// Prints `bootstrap HOST:PORT`, waits for a line on stdin, writes EVENTS records (spread evenly over the partitions of
// topic `clicks`) at RATE records per second, prints `produced …`, and serves them until stdin ends. The mock cluster
// keeps 5 MiB a partition and drops the oldest in silence; that this has not happened is checked.
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

#include "examples/demo/click_generator.h"
#include "examples/demo/ledger.h"

namespace {

constexpr char kTopic[] = "clicks";

struct Options {
  std::string ledger;
  int32_t partitions = 8;
  int64_t events = 1'000'000;
  int64_t rate = 50'000;
  uint64_t seed = 1;
};

struct KafkaDelete {
  void operator()(rd_kafka_t* kafka) const { rd_kafka_destroy(kafka); }
};
using Kafka = std::unique_ptr<rd_kafka_t, KafkaDelete>;

void Check(rd_kafka_resp_err_t error, const std::string& what) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(what + ": " + rd_kafka_err2str(error));
}

// A record goes into the ledger when the broker says where it lies, never before.
void OnDelivery(rd_kafka_t*, const rd_kafka_message_t* message, void* ledger) {
  std::unique_ptr<Click> click(static_cast<Click*>(message->_private));
  Check(message->err, "deliver a record");
  static_cast<Ledger*>(ledger)->Append(message->partition, message->offset, *click);
}

Kafka MakeBroker(Ledger* ledger) {
  char reason[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  auto set = [&](const char* name, const char* value) {
    if (rd_kafka_conf_set(conf, name, value, reason, sizeof(reason)) != RD_KAFKA_CONF_OK)
      throw std::runtime_error(reason);
  };
  set("test.mock.num.brokers", "1");
  set("enable.idempotence", "true");  // a retry must not leave a record behind that is not in the ledger
  set("compression.type", "zstd");    // the mock cluster's limit counts compressed bytes
  set("linger.ms", "20");
  rd_kafka_conf_set_dr_msg_cb(conf, OnDelivery);
  rd_kafka_conf_set_log_cb(conf, nullptr);
  rd_kafka_conf_set_opaque(conf, ledger);
  rd_kafka_t* kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
  if (kafka == nullptr) throw std::runtime_error(reason);
  return Kafka(kafka);
}

void Produce(rd_kafka_t* kafka, int32_t partition, Click next) {
  auto click = std::make_unique<Click>(std::move(next));
  while (true) {
    rd_kafka_resp_err_t error =
        rd_kafka_producev(kafka, RD_KAFKA_V_TOPIC(kTopic), RD_KAFKA_V_PARTITION(partition),
                          RD_KAFKA_V_VALUE(click->json.data(), click->json.size()),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(click.get()), RD_KAFKA_V_END);
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      Check(error, "produce");
      click.release();  // OnDelivery's now
      return;
    }
    rd_kafka_poll(kafka, 10);
  }
}

void ProduceAll(rd_kafka_t* kafka, const Options& options) {
  using std::chrono::steady_clock, std::chrono::system_clock;
  ClickGenerator generator({}, options.seed);
  const auto start = steady_clock::now();
  for (int64_t done = 0; done < options.events;) {
    const double seconds = std::chrono::duration<double>(steady_clock::now() - start).count();
    const int64_t due = std::min(options.events, static_cast<int64_t>(seconds * static_cast<double>(options.rate)));
    for (; done < due; ++done) {
      const auto now = system_clock::now().time_since_epoch();
      Produce(kafka, static_cast<int32_t>(done % options.partitions),
              generator.Next(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()));
    }
    rd_kafka_poll(kafka, 5);
  }
  Check(rd_kafka_flush(kafka, 30'000), "flush");
}

// What the ledger holds must be what the topic holds: nothing dropped by the mock cluster's limits, nothing more than
// was acknowledged.
void CheckTopic(rd_kafka_t* kafka, const Options& options, const Ledger& ledger) {
  int64_t readable = 0;
  for (int32_t partition = 0; partition < options.partitions; ++partition) {
    int64_t low = 0;
    int64_t high = 0;
    Check(rd_kafka_query_watermark_offsets(kafka, kTopic, partition, &low, &high, 10'000), "ask for offsets");
    if (low != 0) {
      throw std::runtime_error("the mock cluster has dropped records: partition " + std::to_string(partition) +
                               " begins at offset " + std::to_string(low) +
                               "; produce fewer events or use more partitions");
    }
    readable += high;
  }
  if (readable != ledger.num_records() || readable != options.events) {
    throw std::runtime_error("the topic holds " + std::to_string(readable) + " records, the ledger " +
                             std::to_string(ledger.num_records()) + ", and " + std::to_string(options.events) +
                             " were wanted");
  }
}

int Main(const Options& options) {
  Ledger ledger(options.ledger);
  if (!ledger.ok()) throw std::runtime_error("cannot write " + options.ledger);
  Kafka kafka = MakeBroker(&ledger);
  rd_kafka_mock_cluster_t* cluster = rd_kafka_handle_mock_cluster(kafka.get());
  Check(rd_kafka_mock_topic_create(cluster, kTopic, options.partitions, 1), "create the topic");
  std::cout << "bootstrap " << rd_kafka_mock_cluster_bootstraps(cluster) << std::endl;

  std::string line;
  if (!std::getline(std::cin, line)) return 0;
  ProduceAll(kafka.get(), options);
  CheckTopic(kafka.get(), options, ledger);
  if (!ledger.Close()) throw std::runtime_error("cannot write " + options.ledger);
  std::cout << "produced " << ledger.num_records() << " good " << ledger.num_records(Click::Kind::kGood) << " stale "
            << ledger.num_records(Click::Kind::kStale) << " bad " << ledger.num_records(Click::Kind::kBad) << std::endl;
  while (std::getline(std::cin, line)) {
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 6) {
    std::cerr << "usage: demo_broker LEDGER [PARTITIONS EVENTS RATE SEED]\n";
    return 2;
  }
  try {
    Options options{.ledger = argv[1]};
    if (argc == 6) {
      options.partitions = std::stoi(argv[2]);
      options.events = std::stoll(argv[3]);
      options.rate = std::stoll(argv[4]);
      options.seed = std::stoull(argv[5]);
    }
    if (options.partitions < 1 || options.events < 1 || options.rate < 1)
      throw std::runtime_error("all numbers must be positive");
    return Main(options);
  } catch (const std::exception& error) {
    std::cerr << "demo_broker: " << error.what() << std::endl;
    return 1;
  }
}
