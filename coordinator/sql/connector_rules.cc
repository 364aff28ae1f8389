// The connectors' options as SQL has them: one table to read, to extend, and to compare docs/sql.md with.
#include <algorithm>
#include <deque>

#include "coordinator/sql/connector_options.h"

namespace millrace::sql {
namespace {

using Use = OptionRule::Use;
using Rules = std::vector<OptionRule>;
using enum OptionValue;

constexpr std::string_view kParallelism =
    "every operator has the parallelism of its pipeline; SET 'parallelism.default' instead";
constexpr std::string_view kAlignment = "partitions are not aligned by their watermarks; leave it out";
constexpr std::string_view kEmission = "watermarks are sent with every batch; leave it out";
constexpr std::string_view kKeyFormat =
    "keys of records are not decoded; read them with a column `key` BYTES METADATA";
constexpr std::string_view kCodec = "records of one line each are all there is; leave it out";

template <typename... More>
Rules Joined(Rules rules, const More&... more) {
  (rules.insert(rules.end(), more.begin(), more.end()), ...);
  return rules;
}

Rules JsonRules(const std::string& prefix) {
  static auto& names = *new std::deque<std::string>;  // the home of the keys
  const auto name = [&](const char* key) -> std::string_view { return names.emplace_back(prefix + key); };
  return {{name("json.timestamp-format.standard"), Use::kBoth, kChoice, {"SQL", "ISO-8601", "EPOCH-MILLIS"}},
          {name("json.ignore-parse-errors"), Use::kSource, kBoolean, {},
           "bad records are never dropped in silence; 'decode.on-error' = 'dead-letter' sets them aside", "false"},
          {name("json.fail-on-missing-field"), Use::kSource, kBoolean, {},
           "declare the columns that must be there NOT NULL instead", "false"},
          {name("json.decode.json-parser.enabled"), Use::kSource, kBoolean, {}, {}, {}, false},
          {name("json.map-null-key.mode"), Use::kSink, kChoice, {"FAIL", "DROP", "LITERAL"}, {}, {}, false},
          {name("json.map-null-key.literal"), Use::kSink, kText, {}, {}, {}, false},
          {name("json.encode.decimal-as-plain-number"), Use::kSink, kBoolean, {}, {}, {}, false},
          {name("json.encode.ignore-null-fields"), Use::kSink, kBoolean, {}, {}, {}, false}};
}

Rules SourceRules() {
  return {{"decode.on-error", Use::kSource, kChoice, {"fail", "dead-letter"}, {}, {}, false},
          {"decode.dead-letter.table", Use::kSource, kText, {}, {}, {}, false},
          {"decode.bad-record-limit.percent", Use::kSource, kNumber, {}, {}, {}, false},
          {"decode.bad-record-limit.window-records", Use::kSource, kWholeNumber, {}, {}, {}, false},
          {"scan.watermark.idle-timeout", Use::kSource, kDuration, {}, {}, {}, false},
          {"scan.watermark.emit.strategy", Use::kSource, kText, {}, kEmission},
          {"scan.watermark.emit.on-event.gap", Use::kSource, kText, {}, kEmission},
          {"scan.watermark.alignment.group", Use::kSource, kText, {}, kAlignment},
          {"scan.watermark.alignment.max-drift", Use::kSource, kText, {}, kAlignment},
          {"scan.watermark.alignment.update-interval", Use::kSource, kText, {}, kAlignment},
          {"scan.parallelism", Use::kSource, kWholeNumber, {}, kParallelism}};
}

Rules SinkRules() { return {{"sink.parallelism", Use::kSink, kWholeNumber, {}, kParallelism}}; }

ConnectorRules Kafka() {
  ConnectorRules rules{"kafka", {}, {"topic", "properties.bootstrap.servers"}};
  rules.options = Joined(
      {{"topic"},
       {"topic-pattern", Use::kSource, kText, {}, "name the topics in 'topic', with ';' between them"},
       {"properties.bootstrap.servers"},
       {"properties.group.id"},
       {"properties.*"},
       {"format", Use::kBoth, kChoice, {"json"}},
       {"value.format", Use::kBoth, kChoice, {"json"}},
       {"key.format", Use::kBoth, kText, {}, kKeyFormat},
       {"key.fields", Use::kBoth, kText, {}, kKeyFormat},
       {"key.fields-prefix", Use::kBoth, kText, {}, kKeyFormat},
       {"value.fields-include", Use::kBoth, kText, {}, kKeyFormat, "ALL", false},
       {"scan.startup.mode",
        Use::kSource,
        kChoice,
        {"earliest-offset", "latest-offset", "timestamp", "specific-offsets"}},
       {"scan.startup.timestamp-millis", Use::kSource, kWholeNumber},
       {"scan.startup.specific-offsets", Use::kSource},
       {"scan.bounded.mode", Use::kSource, kChoice, {"unbounded", "latest-offset", "timestamp", "specific-offsets"}},
       {"scan.bounded.timestamp-millis", Use::kSource, kWholeNumber},
       {"scan.bounded.specific-offsets", Use::kSource},
       {"scan.topic-partition-discovery.interval", Use::kSource, kDuration},
       {"sink.partitioner", Use::kSink},
       {"sink.semantic", Use::kSink},
       {"sink.delivery-guarantee", Use::kSink},
       {"sink.transactional-id-prefix", Use::kSink},
       {"sink.transaction-naming-strategy", Use::kSink},
       {"sink.buffer-flush.max-rows", Use::kSink},
       {"sink.buffer-flush.interval", Use::kSink}},
      JsonRules(""), JsonRules("value."), SourceRules(), SinkRules());
  rules.cannot_write = "nothing is written to Kafka yet; write to 'delta', 'print' or 'blackhole'";
  rules.metadata = {{"topic", "STRING"},
                    {"partition", "INT"},
                    {"offset", "BIGINT"},
                    {"timestamp", "TIMESTAMP_LTZ(3)"},
                    {"key", "BYTES"},
                    {"headers", "MAP<STRING, BYTES>"}};
  return rules;
}

ConnectorRules Delta() {
  ConnectorRules rules{"delta", {}, {"table-path"}};
  rules.options = Joined({{"table-path"},
                          {"create", Use::kSink, kChoice, {"if-not-exists", "never"}},
                          {"lineage", Use::kSink, kChoice, {"refuse", "append"}},
                          {"buffer-size", Use::kSink}},
                         SinkRules());
  rules.cannot_read = "a Delta table is only written; read 'kafka', 'filesystem', 'datagen' or 'generator'";
  rules.partitions = true;
  return rules;
}

ConnectorRules Generator() {
  ConnectorRules rules{"generator", {}, {}};
  rules.options = Joined({{"rows", Use::kSource, kWholeNumber},
                          {"splits", Use::kSource, kWholeNumber},
                          {"seed", Use::kSource, kWholeNumber},
                          {"keys", Use::kSource, kWholeNumber},
                          {"rows-per-second", Use::kSource, kNumber},
                          {"start-time", Use::kSource},
                          {"event-step-ms", Use::kSource, kWholeNumber},
                          {"disorder-ms", Use::kSource, kWholeNumber},
                          {"late-ratio", Use::kSource, kNumber},
                          {"bad-ratio", Use::kSource, kNumber}},
                         SourceRules());
  rules.cannot_write = "the generator only makes rows; write to 'delta', 'print' or 'blackhole'";
  return rules;
}

ConnectorRules Datagen() {
  ConnectorRules rules{"datagen", {}, {}};
  rules.options = Joined({{"rows-per-second", Use::kSource, kWholeNumber},
                          {"number-of-rows", Use::kSource, kWholeNumber},
                          {"fields.*", Use::kSource}},
                         SourceRules());
  rules.cannot_write = "datagen only makes rows; write to 'delta', 'print' or 'blackhole'";
  return rules;
}

ConnectorRules Filesystem() {
  constexpr std::string_view kOnce = "the files are read once; leave it out";
  constexpr std::string_view kRolling = "files are written as checkpoints complete; leave it out";
  ConnectorRules rules{"filesystem", {}, {"path", "format"}};
  rules.options = Joined({{"path"},
                          {"format", Use::kBoth, kChoice, {"json"}},
                          {"source.monitor-interval", Use::kSource, kDuration, {}, kOnce},
                          {"source.path.regex-pattern", Use::kSource, kText, {}, "name a file or directory in 'path'"},
                          {"source.report-statistics", Use::kSource, kText, {}, "leave it out", "NONE", false},
                          {"partition.default-name", Use::kSink, kText, {}, "NULL is always that name",
                           "__DEFAULT_PARTITION__", false},
                          {"sink.rolling-policy.file-size", Use::kSink},
                          {"sink.rolling-policy.*", Use::kSink, kText, {}, kRolling},
                          {"sink.partition-commit.*", Use::kSink, kText, {}, kRolling},
                          {"auto-compaction", Use::kSink, kBoolean, {}, kRolling, "false", false},
                          {"compaction.file-size", Use::kSink, kText, {}, kRolling},
                          {"json.charset", Use::kBoth, kText, {}, kCodec, "UTF-8", false}},
                         JsonRules(""), SourceRules(), SinkRules());
  rules.partitions = true;
  return rules;
}

ConnectorRules Print() {
  ConnectorRules rules{"print", {}, {}};
  rules.options =
      Joined({{"print-identifier", Use::kSink}, {"standard-error", Use::kSink, kBoolean}}, SinkRules());
  rules.cannot_read = "it only prints rows; read 'kafka', 'filesystem', 'datagen' or 'generator'";
  return rules;
}

ConnectorRules Blackhole() {
  ConnectorRules rules{"blackhole", {}, {}};
  rules.options = SinkRules();
  rules.cannot_read = "it forgets rows; read 'kafka', 'filesystem', 'datagen' or 'generator'";
  return rules;
}

const std::vector<ConnectorRules>& Connectors() {
  static const auto& connectors = *new std::vector<ConnectorRules>{Kafka(),      Delta(), Generator(), Datagen(),
                                                                   Filesystem(), Print(), Blackhole()};
  return connectors;
}

}  // namespace

const ConnectorRules* FindConnector(std::string_view name) {
  const auto& all = Connectors();
  auto found = std::find_if(all.begin(), all.end(), [&](const ConnectorRules& rules) { return rules.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string> ConnectorNames() {
  std::vector<std::string> names;
  for (const ConnectorRules& rules : Connectors()) names.emplace_back(rules.name);
  return names;
}

}  // namespace millrace::sql
