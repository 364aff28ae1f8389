#include "tests/e2e/kafka/topic_feeder.h"

#include <chrono>
#include <cstdlib>

namespace millrace::e2e {
namespace {

constexpr int kTimeoutMs = 60'000;

[[noreturn]] void Die(const std::string& doing, const std::string& why) {
  std::fprintf(stderr, "kafka_feed: %s: %s\n", doing.c_str(), why.c_str());
  std::_Exit(1);
}

void Set(rd_kafka_conf_t* conf, const char* name, const std::string& value) {
  char reason[512];
  if (rd_kafka_conf_set(conf, name, value.c_str(), reason, sizeof(reason)) != RD_KAFKA_CONF_OK) Die(name, reason);
}

// Repeats what may be repeated; false: the transaction must be aborted.
template <typename Call>
bool Ask(const char* doing, Call call) {
  for (;;) {
    rd_kafka_error_t* error = call();
    if (error == nullptr) return true;
    bool again = rd_kafka_error_is_retriable(error);
    bool abort = rd_kafka_error_txn_requires_abort(error);
    std::string why = rd_kafka_error_string(error);
    rd_kafka_error_destroy(error);
    if (abort) return false;
    if (!again) Die(doing, why);
  }
}

}  // namespace

TopicFeeder::TopicFeeder(Options options)
    : topic_(options.topic),
      partitions_(options.partitions),
      clicks_(options.clicks),
      random_(options.clicks.seed + 1) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  Set(conf, "bootstrap.servers", options.brokers);
  Set(conf, "transactional.id", "feed-" + options.topic);
  Set(conf, "compression.codec", "lz4");
  Set(conf, "linger.ms", "5");
  Set(conf, "log_level", "2");
  rd_kafka_conf_set_opaque(conf, this);
  rd_kafka_conf_set_dr_msg_cb(conf, &TopicFeeder::OnDelivered);
  char reason[512];
  producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
  if (producer_ == nullptr) Die("make a producer", reason);
  if (!Ask("begin as a transactional producer", [this] { return rd_kafka_init_transactions(producer_, kTimeoutMs); })) {
    Die("begin as a transactional producer", "refused");
  }
  ledger_ = std::fopen(options.ledger.c_str(), "w");
  if (ledger_ == nullptr) Die("open " + options.ledger, "cannot be written");
}

TopicFeeder::~TopicFeeder() {
  std::fclose(ledger_);
  rd_kafka_destroy(producer_);
}

void TopicFeeder::OnDelivered(rd_kafka_t* /*producer*/, const rd_kafka_message_t* message, void* /*self*/) {
  auto* sent = static_cast<Sent*>(message->_private);
  // A record without an offset belongs to a transaction that cannot be committed: Write finds it.
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) sent->offset = message->offset;
}

void TopicFeeder::AskForPartitions() {
  rd_kafka_topic_t* topic = rd_kafka_topic_new(producer_, topic_.c_str(), nullptr);
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(producer_, 0, topic, &metadata, kTimeoutMs) == RD_KAFKA_RESP_ERR_NO_ERROR)
    rd_kafka_metadata_destroy(metadata);
  rd_kafka_topic_destroy(topic);
}

void TopicFeeder::Send(Sent& sent) {
  const bool has_value = sent.click.value.has_value();
  void* value = has_value ? sent.click.value->data() : nullptr;
  const size_t value_size = has_value ? sent.click.value->size() : 0;
  int patience = 500;
  for (;;) {
    rd_kafka_resp_err_t error = rd_kafka_producev(
        producer_, RD_KAFKA_V_TOPIC(topic_.c_str()), RD_KAFKA_V_PARTITION(sent.partition),
        RD_KAFKA_V_KEY(sent.click.key.data(), sent.click.key.size()), RD_KAFKA_V_VALUE(value, value_size),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(&sent), RD_KAFKA_V_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    // A partition that was just added: the client has not heard of it yet.
    const bool is_new = error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    if (is_new && --patience == 0)
      Die("send a record", topic_ + "/" + std::to_string(sent.partition) + " does not exist");
    if (!is_new && error != RD_KAFKA_RESP_ERR__QUEUE_FULL) Die("send a record", rd_kafka_err2str(error));
    if (is_new) AskForPartitions();
    rd_kafka_poll(producer_, 20);
  }
}

void TopicFeeder::Feed(int64_t num_records) {
  if (partitions_.empty()) return;
  Ask("begin a transaction", [this] { return rd_kafka_begin_transaction(producer_); });
  std::vector<int32_t> partitions(partitions_.begin(), partitions_.end());
  std::vector<Sent> sent(static_cast<size_t>(num_records));
  for (Sent& one : sent) {
    one.click = clicks_.Next();
    one.partition = partitions[random_() % partitions.size()];
    Send(one);
    rd_kafka_poll(producer_, 0);
  }
  rd_kafka_flush(producer_, kTimeoutMs);
  bool commits = ++num_transactions_ % 10 != 5;
  if (commits) commits = Ask("commit", [this] { return rd_kafka_commit_transaction(producer_, kTimeoutMs); });
  if (!commits) Ask("abort", [this] { return rd_kafka_abort_transaction(producer_, kTimeoutMs); });
  Write(sent, commits);
  (commits ? num_committed_ : num_aborted_) += num_records;
}

void TopicFeeder::Write(const std::vector<Sent>& sent, bool committed) {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  long long now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  for (const Sent& one : sent) {
    if (one.offset < 0 && committed) Die("write the ledger", "a committed record has no offset");
    if (one.offset < 0) continue;
    std::string amount = one.click.amount.has_value() ? std::to_string(*one.click.amount) : "";
    std::fprintf(ledger_, "%d\t%lld\t%s\t%s\t%s\t%lld\t%s\t%lld\n", one.partition, static_cast<long long>(one.offset),
                 committed ? "committed" : "aborted", std::string(one.click.kind).c_str(), one.click.user_id.c_str(),
                 static_cast<long long>(one.click.event_time_ms), amount.c_str(), now_ms);
  }
}

}  // namespace millrace::e2e
