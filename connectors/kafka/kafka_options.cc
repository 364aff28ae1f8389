#include "connectors/kafka/kafka_options.h"

#include <librdkafka/rdkafka.h>

#include <functional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "arrow/type.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/nearest_name.h"
#include "base/secret_reference.h"
#include "connectors/kafka/kafka_metadata_columns.h"

namespace millrace {
namespace {

using Place = KafkaOptions::Place;
// Returns what is wrong, or "".
using Reader = std::function<std::string(const std::string& text)>;

constexpr std::string_view kProperties = "properties.";

// librdkafka's settings that a pipeline may set: how to connect, how to prove who we are, how much to fetch. What
// decides exactness (offset reset, commits, isolation, checksums) and what runs code or reads plugins is not among
// them.
const std::vector<std::string>& AllowedClientSettings() {
  static const auto& names = *new std::vector<std::string>{
      "broker.address.family", "client.id", "client.rack", "connections.max.idle.ms", "enable.ssl.certificate.verification",
      "fetch.error.backoff.ms", "fetch.max.bytes", "fetch.message.max.bytes", "fetch.min.bytes", "fetch.wait.max.ms",
      "max.partition.fetch.bytes", "metadata.max.age.ms", "queued.max.messages.kbytes", "queued.min.messages",
      "receive.message.max.bytes", "reconnect.backoff.max.ms", "reconnect.backoff.ms", "sasl.mechanism", "sasl.mechanisms",
      "sasl.oauthbearer.client.id", "sasl.oauthbearer.client.secret", "sasl.oauthbearer.extensions", "sasl.oauthbearer.method",
      "sasl.oauthbearer.scope", "sasl.oauthbearer.token.endpoint.url", "sasl.password", "sasl.username", "security.protocol",
      "socket.connection.setup.timeout.ms", "socket.keepalive.enable", "socket.nagle.disable", "socket.receive.buffer.bytes",
      "socket.timeout.ms", "ssl.ca.location", "ssl.ca.pem", "ssl.certificate.location", "ssl.certificate.pem", "ssl.cipher.suites",
      "ssl.crl.location", "ssl.endpoint.identification.algorithm", "ssl.key.location", "ssl.key.password", "ssl.key.pem",
      "ssl.keystore.location", "ssl.keystore.password", "topic.metadata.refresh.interval.ms"};
  return names;
}

std::string CheckClientSetting(const std::string& name, const std::string& value) {
  bool allowed = false;
  for (const std::string& known : AllowedClientSettings()) allowed |= known == name;
  if (!allowed) return Cat("a pipeline may not set it", NameAdvice(name, AllowedClientSettings()), "; docs/plan.md says what it may set");
  if (IsSecretSetting(name)) return std::string(StdView(CheckSecretReference(value).message()));
  // librdkafka before 2.6.1 repeats the client's nonce wrongly, and brokers from Kafka 4 on refuse the login.
  constexpr int kScramWorks = 0x020601ff;
  if (name.starts_with("sasl.mechanism") && absl::StartsWithIgnoreCase(value, "SCRAM") && rd_kafka_version() < kScramWorks) {
    return Cat(value, " needs librdkafka 2.6.1 or newer, and this is ", rd_kafka_version_str(), "; use PLAIN over TLS, or mTLS");
  }
  return "";
}

// "10 s", "5min", "100 ms": as Flink writes durations. A bare number counts milliseconds.
std::string ReadDuration(const std::string& text, absl::Duration* value) {
  size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  int64_t number = 0;
  std::string unit(absl::StripAsciiWhitespace(absl::string_view(text).substr(digits)));
  static const std::map<std::string, absl::Duration> kUnits = {
      {"", absl::Milliseconds(1)}, {"ms", absl::Milliseconds(1)}, {"milli", absl::Milliseconds(1)}, {"s", absl::Seconds(1)},
      {"sec", absl::Seconds(1)}, {"second", absl::Seconds(1)}, {"seconds", absl::Seconds(1)}, {"m", absl::Minutes(1)},
      {"min", absl::Minutes(1)}, {"minute", absl::Minutes(1)}, {"minutes", absl::Minutes(1)}, {"h", absl::Hours(1)},
      {"hour", absl::Hours(1)}, {"hours", absl::Hours(1)}, {"d", absl::Hours(24)}, {"day", absl::Hours(24)}, {"days", absl::Hours(24)}};
  auto found = kUnits.find(unit);
  if (!absl::SimpleAtoi(text.substr(0, digits), &number) || found == kUnits.end()) {
    return Cat("'", text, "' is not a duration such as '30 s' or '5 min'");
  }
  *value = number * found->second;
  return "";
}

// partition:0,offset:42;partition:1,offset:300
std::string ReadOffsets(const std::string& text, std::map<int32_t, int64_t>* offsets) {
  for (absl::string_view part : absl::StrSplit(text, ';', absl::SkipWhitespace())) {
    std::pair<absl::string_view, absl::string_view> halves = absl::StrSplit(absl::StripAsciiWhitespace(part), ',');
    int32_t partition = -1;
    int64_t offset = -1;
    if (!absl::ConsumePrefix(&halves.first, "partition:") || !absl::ConsumePrefix(&halves.second, "offset:") ||
        !absl::SimpleAtoi(halves.first, &partition) || !absl::SimpleAtoi(halves.second, &offset) || partition < 0 || offset < 0) {
      return Cat("'", part, "' does not have the form 'partition:0,offset:42'");
    }
    if (!offsets->emplace(partition, offset).second) return Cat("partition ", partition, " comes twice");
  }
  return offsets->empty() ? "no partition is given" : "";
}

std::string ReadTimestamp(const std::string& text, int64_t* millis) {
  return absl::SimpleAtoi(text, millis) && *millis >= 0 ? "" : Cat("'", text, "' is not a number of milliseconds since 1970");
}

std::string ReadPlace(const std::string& text, const std::map<std::string, Place>& places, Place* place) {
  auto found = places.find(text);
  if (found != places.end()) {
    *place = found->second;
    return "";
  }
  if (text == "group-offsets") {
    return "'group-offsets' is not supported, because positions belong to the pipeline's checkpoints and not to the group; use "
           "'earliest-offset', 'latest-offset', 'timestamp' or 'specific-offsets'";
  }
  std::vector<std::string> names;
  for (const auto& [name, unused] : places) names.push_back(name);
  return Cat("there is no '", text, "'", NameAdvice(text, names));
}

std::string ReadTopics(const std::string& text, std::vector<std::string>* topics) {
  for (absl::string_view topic : absl::StrSplit(text, ';', absl::SkipWhitespace())) {
    topics->emplace_back(absl::StripAsciiWhitespace(topic));
  }
  return topics->empty() ? "no topic is given" : "";
}

std::string ReadTimestampFormat(const std::string& text, TimestampFormat* format) {
  static const std::map<std::string, TimestampFormat> kFormats = {
      {"SQL", TimestampFormat::kSql}, {"ISO-8601", TimestampFormat::kIso8601}, {"EPOCH-MILLIS", TimestampFormat::kEpochMillis}};
  auto found = kFormats.find(text);
  if (found == kFormats.end()) return Cat("'", text, "' is not SQL, ISO-8601 or EPOCH-MILLIS");
  *format = found->second;
  return "";
}

// What the mode needs must be there, and nothing else.
void CheckPlace(const v1::Source& source, const std::string& stem, Place place, std::vector<std::string>* mistakes) {
  struct Companion {
    std::string name;
    Place place;
    std::string mode;
  };
  for (const Companion& c : {Companion{Cat(stem, ".timestamp-millis"), Place::kTimestamp, "timestamp"},
                             Companion{Cat(stem, ".specific-offsets"), Place::kOffsets, "specific-offsets"}}) {
    bool given = source.options().contains(c.name);
    if (place == c.place && !given) mistakes->push_back(Cat("kafka: '", stem, ".mode' = '", c.mode, "' needs '", c.name, "'"));
    if (place != c.place && given) mistakes->push_back(Cat("kafka: '", c.name, "' needs '", stem, ".mode' = '", c.mode, "'"));
  }
}

}  // namespace

bool IsSecretSetting(std::string_view name) {
  for (std::string_view secret : {"sasl.password", "sasl.oauthbearer.client.secret", "ssl.key.password", "ssl.key.pem",
                                  "ssl.keystore.password"}) {
    if (name == secret) return true;
  }
  return false;
}

KafkaOptions KafkaOptions::Parse(const v1::Source& source, std::vector<std::string>* mistakes) {
  KafkaOptions options;
  auto text = [](std::string* value) -> Reader {
    return [value](const std::string& given) -> std::string {
      *value = given;
      return given.empty() ? "it is empty" : "";
    };
  };
  Reader json_only = [](const std::string& given) { return given == "json" ? "" : Cat("there is no format '", given, "'; known: json"); };
  const std::map<std::string, Place> starts = {{"earliest-offset", Place::kEarliest},
                                               {"latest-offset", Place::kLatest},
                                               {"timestamp", Place::kTimestamp},
                                               {"specific-offsets", Place::kOffsets}};
  const std::map<std::string, Place> ends = {{"unbounded", Place::kNever},
                                             {"latest-offset", Place::kLatest},
                                             {"timestamp", Place::kTimestamp},
                                             {"specific-offsets", Place::kOffsets}};
  const std::map<std::string, Reader> readers = {
      {"connector", [](const std::string& given) { return given == "kafka" ? "" : Cat("'", given, "' is not 'kafka'"); }},
      {"topic", [&](const std::string& given) { return ReadTopics(given, &options.topics); }},
      {"properties.bootstrap.servers", text(&options.bootstrap_servers)},
      {"bootstrap.servers", text(&options.bootstrap_servers)},
      {"properties.group.id", text(&options.group_id)},
      {"scan.startup.mode", [&](const std::string& given) { return ReadPlace(given, starts, &options.start); }},
      {"scan.startup.timestamp-millis", [&](const std::string& given) { return ReadTimestamp(given, &options.start_timestamp_ms); }},
      {"scan.startup.specific-offsets", [&](const std::string& given) { return ReadOffsets(given, &options.start_offsets); }},
      {"scan.bounded.mode", [&](const std::string& given) { return ReadPlace(given, ends, &options.end); }},
      {"scan.bounded.timestamp-millis", [&](const std::string& given) { return ReadTimestamp(given, &options.end_timestamp_ms); }},
      {"scan.bounded.specific-offsets", [&](const std::string& given) { return ReadOffsets(given, &options.end_offsets); }},
      {"scan.topic-partition-discovery.interval",
       [&](const std::string& given) { return ReadDuration(given, &options.discovery_interval); }},
      {"format", json_only},
      {"value.format", json_only},
      {"json.timestamp-format.standard", [&](const std::string& given) { return ReadTimestampFormat(given, &options.timestamp_format); }},
      {"json.ignore-parse-errors",
       [](const std::string& given) {
         return given == "false" ? "" : "bad records are never dropped in silence; connect the source's dead_letter output instead";
       }},
      {"json.fail-on-missing-field",
       [](const std::string& given) { return given == "false" ? "" : "declare the columns that must be there NOT NULL instead"; }}};
  std::vector<std::string> names;
  for (const auto& [name, reader] : readers) names.push_back(name);
  for (const auto& [name, value] : std::map<std::string, std::string>(source.options().begin(), source.options().end())) {
    std::string wrong;
    if (auto reader = readers.find(name); reader != readers.end()) {
      wrong = reader->second(value);
    } else if (name.starts_with(kProperties)) {
      std::string setting = name.substr(kProperties.size());
      wrong = CheckClientSetting(setting, value);
      options.client[setting] = value;
    } else {
      mistakes->push_back(Cat("kafka: unknown option '", name, "'", NameAdvice(name, names)));
    }
    if (!wrong.empty()) mistakes->push_back(Cat("kafka: option '", name, "': ", wrong));
  }
  if (!source.options().contains("topic")) mistakes->push_back("kafka: option 'topic' is missing; name the topic to read");
  if (options.bootstrap_servers.empty()) mistakes->push_back("kafka: option 'properties.bootstrap.servers' is missing; give HOST:PORT of a broker or two");
  if (!source.options().contains("format") && !source.options().contains("value.format")) {
    mistakes->push_back("kafka: option 'format' is missing; use 'json'");
  }
  CheckPlace(source, "scan.startup", options.start, mistakes);
  CheckPlace(source, "scan.bounded", options.end, mistakes);
  if (options.end != Place::kNever) options.discovery_interval = absl::ZeroDuration();
  for (const v1::Column& column : source.columns()) {
    if (absl::Status status = KafkaMetadataColumns::Check(column); !status.ok()) mistakes->push_back(Cat("kafka: ", status.message()));
  }
  return options;
}

}  // namespace millrace
