#include "connectors/kafka/kafka_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

v1::Source GoodSource() {
  v1::Source source;
  source.set_connector("kafka");
  auto& options = *source.mutable_options();
  options["topic"] = "clicks;views";
  options["properties.bootstrap.servers"] = "localhost:9092";
  options["format"] = "json";
  return source;
}

std::string Mistakes(const v1::Source& source) {
  std::vector<std::string> mistakes;
  KafkaOptions::Parse(source, &mistakes);
  std::string all;
  for (const std::string& mistake : mistakes) all += mistake + "\n";
  return all;
}

std::string MistakesWith(const std::string& name, const std::string& value) {
  v1::Source source = GoodSource();
  (*source.mutable_options())[name] = value;
  return Mistakes(source);
}

TEST(KafkaOptions, TakesFlinksNames) {
  v1::Source source = GoodSource();
  auto& given = *source.mutable_options();
  given["scan.startup.mode"] = "specific-offsets";
  given["scan.startup.specific-offsets"] = "partition:0,offset:42;partition:1,offset:300";
  given["scan.bounded.mode"] = "timestamp";
  given["scan.bounded.timestamp-millis"] = "1700000000000";
  given["json.timestamp-format.standard"] = "ISO-8601";
  given["properties.group.id"] = "g";
  given["properties.fetch.min.bytes"] = "10";
  std::vector<std::string> mistakes;
  KafkaOptions options = KafkaOptions::Parse(source, &mistakes);
  EXPECT_THAT(mistakes, IsEmpty());
  EXPECT_THAT(options.topics, ElementsAre("clicks", "views"));
  EXPECT_EQ(options.start, KafkaOptions::Place::kOffsets);
  EXPECT_THAT(options.start_offsets, ElementsAre(Pair(0, 42), Pair(1, 300)));
  EXPECT_EQ(options.end, KafkaOptions::Place::kTimestamp);
  EXPECT_EQ(options.timestamp_format, TimestampFormat::kIso8601);
  EXPECT_EQ(options.group_id, "g");
  EXPECT_THAT(options.client, ElementsAre(Pair("fetch.min.bytes", "10")));
  EXPECT_EQ(options.discovery_interval, absl::ZeroDuration()) << "a bounded read has no new partitions";
}

TEST(KafkaOptions, ReadsDurationsAsFlinkWritesThem) {
  for (const auto& [text, expected] : std::vector<std::pair<std::string, absl::Duration>>{
           {"5 min", absl::Minutes(5)}, {"30s", absl::Seconds(30)}, {"250", absl::Milliseconds(250)}, {"0", absl::ZeroDuration()}}) {
    v1::Source source = GoodSource();
    (*source.mutable_options())["scan.topic-partition-discovery.interval"] = text;
    std::vector<std::string> mistakes;
    EXPECT_EQ(KafkaOptions::Parse(source, &mistakes).discovery_interval, expected);
    EXPECT_THAT(mistakes, IsEmpty());
  }
  EXPECT_THAT(MistakesWith("scan.topic-partition-discovery.interval", "5 fortnights"), HasSubstr("is not a duration"));
}

TEST(KafkaOptions, ASecretIsAReferenceAndNeverRepeated) {
  for (const char* name : {"sasl.password", "sasl.oauthbearer.client.secret", "ssl.key.password", "ssl.key.pem", "ssl.keystore.password"}) {
    std::string option = std::string("properties.") + name;
    std::string refused = MistakesWith(option, "hunter2");
    EXPECT_THAT(refused, HasSubstr("write ${env:NAME} or ${file:/absolute/path}")) << name;
    EXPECT_THAT(refused, testing::Not(HasSubstr("hunter2"))) << name;
    EXPECT_EQ(MistakesWith(option, "${env:KAFKA_SECRET}"), "") << name;
  }
}

TEST(KafkaOptions, NamesEveryMistake) {
  EXPECT_EQ(Mistakes(GoodSource()), "");
  EXPECT_THAT(MistakesWith("scan.startup.mod", "x"), HasSubstr("did you mean 'scan.startup.mode'?"));
  EXPECT_THAT(MistakesWith("scan.startup.mode", "earliest"), HasSubstr("earliest-offset"));
  EXPECT_THAT(MistakesWith("scan.startup.mode", "group-offsets"), HasSubstr("belong to the pipeline's checkpoints"));
  EXPECT_THAT(MistakesWith("scan.startup.mode", "timestamp"), HasSubstr("needs 'scan.startup.timestamp-millis'"));
  EXPECT_THAT(MistakesWith("scan.startup.timestamp-millis", "1"), HasSubstr("needs 'scan.startup.mode' = 'timestamp'"));
  EXPECT_THAT(MistakesWith("json.ignore-parse-errors", "true"), HasSubstr("dead_letter"));
  EXPECT_THAT(MistakesWith("format", "avro"), HasSubstr("known: json"));
  EXPECT_THAT(MistakesWith("properties.enable.auto.commit", "true"), HasSubstr("a pipeline may not set it"));
  EXPECT_THAT(MistakesWith("properties.plugin.library.paths", "/tmp/x.so"), HasSubstr("a pipeline may not set it"));
  EXPECT_THAT(MistakesWith("properties.ssl.ca.locatio", "x"), HasSubstr("did you mean 'ssl.ca.location'?"));
  EXPECT_THAT(Mistakes(v1::Source()), HasSubstr("'topic' is missing"));
}

TEST(KafkaOptions, RefusesScramWhereTheClientCannot) {
  std::string got = MistakesWith("properties.sasl.mechanism", "SCRAM-SHA-256");
  if (rd_kafka_version() < 0x020601ff) {
    EXPECT_THAT(got, HasSubstr("SCRAM-SHA-256 needs librdkafka 2.6.1"));
  } else {
    EXPECT_EQ(got, "");
  }
  EXPECT_EQ(MistakesWith("properties.sasl.mechanism", "PLAIN"), "");
}

TEST(KafkaOptions, ChecksColumns) {
  v1::Source source = GoodSource();
  v1::Column* column = source.add_columns();
  column->set_name("o");
  column->set_type("INT");
  column->set_metadata("offset");
  EXPECT_THAT(Mistakes(source), HasSubstr("metadata 'offset' is BIGINT, not INT"));
  column->set_metadata("ofset");
  EXPECT_THAT(Mistakes(source), HasSubstr("did you mean 'offset'?"));
  column->set_metadata("headers");
  column->set_type("MAP<STRING, BYTES>");
  EXPECT_EQ(Mistakes(source), "");
  column->set_metadata("");
  column->set_type("MAP<INT, BYTES>");
  EXPECT_THAT(Mistakes(source), HasSubstr("JSON has only string keys"));
}

}  // namespace
}  // namespace millrace
