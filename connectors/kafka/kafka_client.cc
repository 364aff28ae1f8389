#include "connectors/kafka/kafka_client.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/secret_reference.h"

namespace millrace {
namespace {

constexpr absl::Duration kSlice = absl::Milliseconds(500);

int Millis(absl::Duration duration) { return static_cast<int>(absl::ToInt64Milliseconds(duration)); }

// librdkafka's own message names neither the file nor what is wrong with it.
absl::Status CheckFiles(const std::map<std::string, std::string>& settings) {
  for (const auto& [name, path] : settings) {
    // "probe" asks librdkafka to find the system's certificates.
    if (!name.ends_with(".location") || path == "probe" || std::ifstream(path).good()) continue;
    return InvalidArgument("configure the Kafka client: 'properties.", name, "': cannot read ", path,
                           "; the file must lie there on the coordinator's machine and on every worker's");
  }
  return absl::OkStatus();
}

// What to look at, by librdkafka's words.
std::string_view Advice(std::string_view reason) {
  bool tls = reason.find("SSL") != reason.npos || reason.find("security.protocol") != reason.npos;
  return tls ? "does 'properties.security.protocol' fit the port, and do 'properties.ssl.*' fit the certificates that are asked for there?"
             : "is the address right, and is what the broker calls advertised.listeners reachable from here?";
}

// What librdkafka tells of a partition by the callback for errors is "topic [3]: why"; elsewhere the reason begins with
// a broker's address or with prose.
std::optional<KafkaSplit> PartitionIn(std::string_view reason) {
  size_t bracket = reason.find(" [");
  size_t end = reason.find("]: ");
  if (bracket == reason.npos || end == reason.npos || end < bracket) return std::nullopt;
  KafkaSplit split{.topic = std::string(reason.substr(0, bracket))};
  std::string_view number = reason.substr(bracket + 2, end - bracket - 2);
  bool is_topic = split.topic.find_first_of(" :/") == split.topic.npos;
  if (!is_topic || !absl::SimpleAtoi(AbslView(number), &split.partition) || split.partition < 0) return std::nullopt;
  return split;
}

// The partition is not in what the brokers know: librdkafka tells of no other error in this way.
absl::Status PartitionError(const KafkaSplit& split, rd_kafka_resp_err_t error) {
  absl::Status status = FromKafka(error, Cat("read topic: ", split.topic, ", partition: ", split.partition));
  if (IsPermanent(status)) return status;
  // A broker that is starting may say so too. Whoever opens the source again finds out.
  return NotFound(status.message(), "; the topic was deleted while it was read, or made anew with fewer partitions");
}

void Drain(rd_kafka_queue_t* queue) {
  std::array<rd_kafka_message_t*, 64> messages;
  ssize_t count = static_cast<ssize_t>(messages.size());
  while (count == static_cast<ssize_t>(messages.size())) {
    count = rd_kafka_consume_batch_queue(queue, 0, messages.data(), messages.size());
    for (ssize_t i = 0; i < count; ++i) rd_kafka_message_destroy(messages[static_cast<size_t>(i)]);
  }
}

}  // namespace

std::string KafkaSplit::Id() const { return Cat(topic, "/", partition); }

absl::StatusOr<KafkaSplit> KafkaSplit::Parse(std::string_view id) {
  size_t slash = id.rfind('/');
  KafkaSplit split;
  if (slash == id.npos || slash == 0 || !absl::SimpleAtoi(AbslView(id.substr(slash + 1)), &split.partition) || split.partition < 0) {
    return Internal("read a Kafka split's name: not topic/partition: ", id);
  }
  split.topic = std::string(id.substr(0, slash));
  return split;
}

absl::Status FromKafka(rd_kafka_resp_err_t error, std::string_view doing) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  std::string message = Cat(doing, ": ", rd_kafka_err2str(error), " (", rd_kafka_err2name(error), ")");
  switch (error) {
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return absl::NotFoundError(message);
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return absl::PermissionDeniedError(message);
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return absl::UnauthenticatedError(message);
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
      return absl::InvalidArgumentError(message);
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
      return absl::DataLossError(message);
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__STATE:
    case RD_KAFKA_RESP_ERR__CONFLICT:
    case RD_KAFKA_RESP_ERR__UNKNOWN_GROUP:
      return absl::InternalError(message);
    default:
      return absl::UnavailableError(message);
  }
}

absl::StatusOr<std::unique_ptr<KafkaClient>> KafkaClient::Make(const KafkaOptions& options, std::string_view group_id) {
  std::map<std::string, std::string> settings = options.client;
  for (auto& [name, value] : settings) {
    if (!IsSecretSetting(name)) continue;
    absl::StatusOr<std::string> secret = ResolveSecret(value);
    if (!secret.ok()) return Annotate(secret.status(), "configure the Kafka client: 'properties.", name, "'");
    value = *std::move(secret);
  }
  std::unique_ptr<KafkaClient> client(new KafkaClient(options.bootstrap_servers));
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char reason[512];
  // What exactness stands on; the allow-list has none of these.
  settings["bootstrap.servers"] = options.bootstrap_servers;
  settings["group.id"] = std::string(group_id);
  settings["auto.offset.reset"] = "error";
  settings["enable.auto.commit"] = "false";
  settings["enable.auto.offset.store"] = "false";
  settings["enable.partition.eof"] = "true";
  settings["check.crcs"] = "true";
  settings["isolation.level"] = "read_committed";
  settings["allow.auto.create.topics"] = "false";
  // There is no session; closing waits this long for the broker that commits go to.
  settings["session.timeout.ms"] = "6000";
  if (absl::Status readable = CheckFiles(settings); !readable.ok()) {
    rd_kafka_conf_destroy(conf);
    return readable;
  }
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason, sizeof(reason)) == RD_KAFKA_CONF_OK) continue;
    rd_kafka_conf_destroy(conf);
    // librdkafka's reason may repeat the value.
    return InvalidArgument("configure the Kafka client: 'properties.", name, "': ", IsSecretSetting(name) ? "its secret is refused" : reason);
  }
  rd_kafka_conf_set_opaque(conf, client.get());
  rd_kafka_conf_set_error_cb(conf, &KafkaClient::OnError);
  rd_kafka_conf_set_log_cb(conf, nullptr);
  // Takes over `conf` if it succeeds.
  client->client_ = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof(reason));
  if (client->client_ == nullptr) {
    rd_kafka_conf_destroy(conf);
    return InvalidArgument("make a Kafka client for ", options.bootstrap_servers, ": ", reason);
  }
  return client;
}

KafkaClient::~KafkaClient() {
  if (client_ == nullptr) return;
  if (!partition_queues_.empty()) {
    rd_kafka_consumer_close(client_);
    // Closing leaves an operation in the queue of each partition, and it owns the partition. librdkafka looks for such
    // circles among the partitions of topics that exist; in one that was deleted it would wait for itself for ever
    // (before 2.1).
    for (const QueueHandle& queue : partition_queues_) Drain(queue.get());
    partition_queues_.clear();
  }
  // Without membership there is nothing to leave.
  rd_kafka_destroy_flags(client_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

absl::Status KafkaClient::Assign(const TopicPartitions& partitions) {
  rd_kafka_error_t* error = rd_kafka_incremental_assign(client_, partitions.get());
  if (error != nullptr) {
    absl::Status status = FromKafka(rd_kafka_error_code(error), Cat("assign partitions of ", partitions->elems[0].topic));
    rd_kafka_error_destroy(error);
    return status;
  }
  for (int i = 0; i < partitions->cnt; ++i) {
    const rd_kafka_topic_partition_t& assigned = partitions->elems[i];
    QueueHandle queue(rd_kafka_queue_get_partition(client_, assigned.topic, assigned.partition));
    if (queue != nullptr) partition_queues_.push_back(std::move(queue));
  }
  return absl::OkStatus();
}

void KafkaClient::OnError(rd_kafka_t* /*client*/, int error, const char* reason, void* self) {
  auto* client = static_cast<KafkaClient*>(self);
  if (client->listener_) client->listener_(rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(error)));
  if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    client->all_brokers_down_ = true;
    return;
  }
  if (std::optional<KafkaSplit> split = PartitionIn(reason)) {
    client->partition_error_.Update(PartitionError(*split, static_cast<rd_kafka_resp_err_t>(error)));
    return;
  }
  client->last_error_ = static_cast<rd_kafka_resp_err_t>(error);
  client->last_reason_ = reason;
}

absl::Status KafkaClient::Unreachable() const {
  absl::Status status = last_error_ == RD_KAFKA_RESP_ERR_NO_ERROR ? absl::UnavailableError("") : FromKafka(last_error_, "");
  std::string message = Cat("reach Kafka at ", bootstrap_servers_, ": ", last_reason_.empty() ? "no answer" : last_reason_, "; ",
                            Advice(last_reason_));
  return absl::Status(IsPermanent(status) ? status.code() : absl::StatusCode::kUnavailable, message);
}

absl::Status KafkaClient::AwaitBroker(absl::Duration timeout) {
  // Only topics that this client knows of are asked for: none yet.
  for (absl::Duration left = timeout; left > absl::ZeroDuration(); left -= kSlice) {
    const rd_kafka_metadata_t* metadata = nullptr;
    rd_kafka_resp_err_t error = rd_kafka_metadata(client_, 0, nullptr, &metadata, Millis(std::min(left, kSlice)));
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_metadata_destroy(metadata);
      return absl::OkStatus();
    }
    while (rd_kafka_poll(client_, 0) > 0) {
    }
    if (all_brokers_down_) break;
  }
  all_brokers_down_ = false;
  return Unreachable();
}

absl::StatusOr<std::string> KafkaClient::ClusterId(absl::Duration timeout) {
  RETURN_IF_ERROR(AwaitBroker(timeout));
  char* id = rd_kafka_clusterid(client_, Millis(timeout));
  if (id == nullptr) return Unavailable("ask Kafka at ", bootstrap_servers_, " for its cluster id: no answer");
  std::string copy(id);
  rd_kafka_mem_free(client_, id);
  return copy;
}

absl::StatusOr<std::vector<int64_t>> KafkaClient::QueryOffsets(const std::vector<KafkaSplit>& splits,
                                                               const std::vector<int64_t>& timestamps, absl::Duration timeout) {
  std::vector<int64_t> offsets;
  if (splits.empty()) return offsets;
  TopicPartitions list(rd_kafka_topic_partition_list_new(static_cast<int>(splits.size())));
  for (size_t i = 0; i < splits.size(); ++i) {
    auto* entry = rd_kafka_topic_partition_list_add(list.get(), splits[i].topic.c_str(), splits[i].partition);
    entry->offset = timestamps[i];
  }
  absl::Status asked = FromKafka(rd_kafka_offsets_for_times(client_, list.get(), Millis(timeout)),
                                 Cat("ask Kafka at ", bootstrap_servers_, " for offsets of topic ", splits[0].topic));
  // None of them is there: each entry says why.
  if (!absl::IsNotFound(asked)) RETURN_IF_ERROR(asked);
  std::vector<KafkaSplit> ended;
  for (size_t i = 0; i < splits.size(); ++i) {
    const auto* entry = rd_kafka_topic_partition_list_find(list.get(), splits[i].topic.c_str(), splits[i].partition);
    if (entry == nullptr) return Internal("ask Kafka for offsets: no answer for ", splits[i].Id());
    RETURN_IF_ERROR(FromKafka(entry->err, Cat("ask Kafka for the offset of topic: ", splits[i].topic, ", partition: ", splits[i].partition)));
    offsets.push_back(entry->offset);
    if (entry->offset < 0 && timestamps[i] >= 0) ended.push_back(splits[i]);
    if (entry->offset < 0 && timestamps[i] < 0) return Unavailable("ask Kafka for offsets: no offset for ", splits[i].Id());
  }
  RETURN_IF_ERROR(asked);
  if (ended.empty()) return offsets;
  ASSIGN_OR_RETURN(auto ends, QueryOffsets(ended, std::vector<int64_t>(ended.size(), RD_KAFKA_OFFSET_END), timeout));
  size_t next = 0;
  for (int64_t& offset : offsets) {
    if (offset < 0) offset = ends[next++];
  }
  return offsets;
}

absl::Status KafkaClient::TakeError() {
  if (!partition_error_.ok()) return std::exchange(partition_error_, absl::OkStatus());
  bool down = std::exchange(all_brokers_down_, false);
  bool login = last_error_ != RD_KAFKA_RESP_ERR_NO_ERROR && IsPermanent(FromKafka(last_error_, ""));
  bool fatal = last_error_ == RD_KAFKA_RESP_ERR__FATAL;
  if (!down && !login && !fatal) return absl::OkStatus();
  absl::Status status = fatal ? FromKafka(last_error_, last_reason_) : Unreachable();
  last_error_ = RD_KAFKA_RESP_ERR_NO_ERROR;
  last_reason_.clear();
  return status;
}

}  // namespace millrace
