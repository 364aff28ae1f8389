#include "connectors/kafka/kafka_connector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>

#include "absl/time/clock.h"
#include "arrow/array.h"
#include "arrow/record_batch.h"
#include "arrow/scalar.h"
#include "base/error.h"
#include "base/utf8.h"
#include "connectors/record_fingerprint.h"

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using storage::v1::SplitState;

class HeldIoPool final : public IoPool {
 public:
  void Run(absl::AnyInvocable<void()> blocking) override { held.push_back(std::move(blocking)); }
  std::vector<absl::AnyInvocable<void()>> held;
};

// Threads of this process, one for each client.
std::set<std::string> Clients() {
  std::set<std::string> clients;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(thread.path() / "comm"), name);
    if (name == "rdk:main") clients.insert(thread.path());
  }
  return clients;
}

// librdkafka's embedded broker, and a producer.
class KafkaTest : public ::testing::Test {
 protected:
  KafkaTest() {
    char reason[256];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", reason, sizeof(reason));
    rd_kafka_conf_set(conf, "linger.ms", "0", reason, sizeof(reason));
    rd_kafka_conf_set_log_cb(conf, nullptr);
    producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
    cluster_ = rd_kafka_handle_mock_cluster(producer_);
    rd_kafka_mock_topic_create(cluster_, "clicks", 2, 1);
    spec_.pipeline = "p";
    spec_.uid = "clicks";
    spec_.source.set_connector("kafka");
    SetOption("topic", "clicks");
    SetOption("properties.bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster_));
    SetOption("format", "json");
    SetOption("properties.fetch.wait.max.ms", "10");
    AddColumn("id", "BIGINT", "");
    AddColumn("at", "BIGINT", "offset");
    connector_ = MakeKafkaConnector({});
  }
  ~KafkaTest() override { rd_kafka_destroy(producer_); }

  void SetOption(const std::string& name, const std::string& value) { (*spec_.source.mutable_options())[name] = value; }
  void AddColumn(const std::string& name, const std::string& type, const std::string& metadata) {
    v1::Column* column = spec_.source.add_columns();
    column->set_name(name);
    column->set_type(type);
    column->set_metadata(metadata);
    spec_.used_columns.push_back(name);
  }
  void Produce(const std::string& topic, int32_t partition, const std::string& value, int64_t timestamp_ms = 1'700'000'000'000) {
    ASSERT_EQ(rd_kafka_producev(producer_, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
                                RD_KAFKA_V_KEY("k", 1), RD_KAFKA_V_HEADER("h", "x", 1), RD_KAFKA_V_TIMESTAMP(timestamp_ms),
                                RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                                RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
              RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void ProduceIds(int32_t partition, int first, int end) {
    for (int i = first; i < end; ++i) Produce("clicks", partition, Cat("{\"id\": ", i, "}"));
    ASSERT_EQ(rd_kafka_flush(producer_, 10'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  std::vector<SplitState> Start() {
    auto catalog = connector_->OpenCatalog(spec_);
    EXPECT_TRUE(catalog.ok()) << catalog.status();
    auto id = (*catalog)->SystemId();
    EXPECT_TRUE(id.ok()) << id.status();
    system_id_ = *id;
    auto splits = (*catalog)->ListSplits();
    EXPECT_TRUE(splits.ok()) << splits.status();
    auto states = (*catalog)->ResolveStart(*splits);
    EXPECT_TRUE(states.ok()) << states.status();
    return *states;
  }
  absl::StatusOr<std::unique_ptr<Source>> TryOpen(const std::vector<SplitState>& splits) {
    auto source = connector_->MakeSource(spec_);
    if (!source.ok()) return source;
    absl::Status status = (*source)->Open(splits, system_id_, [this] { ++num_wakes_; });
    if (!status.ok()) return status;
    return source;
  }
  std::unique_ptr<Source> Open(const std::vector<SplitState>& splits) {
    auto source = TryOpen(splits);
    EXPECT_TRUE(source.ok()) << source.status();
    return std::move(*source);
  }
  // Polls until every split stands at its end, or fails. Rows by split: the ids.
  absl::Status ReadToEnd(Source& source) {
    ids_.resize(source.splits().size());
    for (int i = 0; i < 2'000; ++i) {
      auto batch = source.Poll();
      if (!batch.ok()) return batch.status();
      if (batch->has_value()) {
        last_rows_ = (*batch)->rows;
        EXPECT_TRUE((*batch)->rows->ValidateFull().ok());
        const auto& ids = static_cast<const arrow::Int64Array&>(*(*batch)->rows->column(0));
        arrow::Int64Array none(0, nullptr);
        const bool has_offset = spec_.used_columns.size() > 1 && spec_.used_columns[1] == "at";
        const auto& offsets = has_offset ? static_cast<const arrow::Int64Array&>(*(*batch)->rows->column(1)) : none;
        num_runs_ += (*batch)->runs.size();
        int64_t row = 0;
        for (const SplitRun& run : (*batch)->runs) {
          int64_t position = run.first_position;
          for (int64_t end = row + run.num_rows; row < end; ++row, ++position) {
            ids_[run.split].push_back(ids.Value(row));
            // The broker's own word: column "at" is the record's offset.
            if (has_offset) {
              EXPECT_EQ(offsets.Value(row), position);
            }
          }
        }
        EXPECT_EQ(row, ids.length());
        if ((*batch)->dead_letters != nullptr) dead_letters_.push_back((*batch)->dead_letters);
        for (const BadRecord& bad : (*batch)->bad_records) bad_records_.push_back(bad);
        for (const DroppedRecords& dropped : (*batch)->dropped) dropped_.push_back(dropped);
      } else {
        bool all = true;
        for (const SplitProgress& split : source.splits()) all &= split.at_end;
        if (all) return absl::OkStatus();
        absl::SleepFor(absl::Milliseconds(5));
      }
    }
    return absl::DeadlineExceededError("the splits' ends were not reached");
  }
  static absl::Status PollUntilFailure(Source& source) {
    for (int i = 0; i < 2'000; ++i) {
      absl::Status status = source.Poll().status();
      if (!status.ok()) return status;
      absl::SleepFor(absl::Milliseconds(5));
    }
    return absl::OkStatus();
  }
  static std::vector<SplitState> StatesOf(const Source& source) {
    std::vector<SplitState> states;
    for (const SplitProgress& split : source.splits()) {
      SplitState& state = states.emplace_back();
      state.set_id(split.id);
      state.set_position(split.position);
      state.set_end_position(split.end_position);
      state.set_fingerprint(split.fingerprint);
    }
    return states;
  }

  rd_kafka_t* producer_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
  SourceSpec spec_;
  std::unique_ptr<SourceConnector> connector_;
  std::string system_id_;
  std::atomic<int> num_wakes_ = 0;
  std::vector<std::vector<int64_t>> ids_;
  std::vector<BatchPtr> dead_letters_;
  std::vector<BadRecord> bad_records_;
  std::vector<DroppedRecords> dropped_;
  size_t num_runs_ = 0;
  BatchPtr last_rows_;
};

TEST_F(KafkaTest, ReadsEveryPartitionToItsEndAndSaysSo) {
  ProduceIds(0, 0, 5);
  ProduceIds(1, 100, 103);
  auto source = Open(Start());
  ASSERT_TRUE(ReadToEnd(*source).ok());
  EXPECT_THAT(ids_, ElementsAre(ElementsAre(0, 1, 2, 3, 4), ElementsAre(100, 101, 102)));
  EXPECT_EQ(source->splits()[0].id, "clicks/0");
  EXPECT_EQ(source->splits()[0].position, 5);
  EXPECT_EQ(source->splits()[0].lag, 0);
  EXPECT_FALSE(source->splits()[0].finished);
  EXPECT_GT(num_wakes_, 0);
  int wakes = num_wakes_;
  ProduceIds(0, 5, 6);
  for (int i = 0; i < 1000 && num_wakes_ == wakes; ++i) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_GT(num_wakes_, wakes) << "a new record must wake the task";
  ASSERT_TRUE(ReadToEnd(*source).ok());
  EXPECT_EQ(ids_[0].back(), 5);
}

TEST_F(KafkaTest, ResumesBehindTheLastRecordThatWasConsumed) {
  ProduceIds(0, 0, 5);
  ProduceIds(1, 100, 103);
  auto first = Open(Start());
  ASSERT_TRUE(ReadToEnd(*first).ok());
  auto states = StatesOf(*first);
  first.reset();
  ids_.clear();
  ProduceIds(0, 5, 8);
  auto second = Open(states);
  ASSERT_TRUE(ReadToEnd(*second).ok());
  EXPECT_THAT(ids_, ElementsAre(ElementsAre(5, 6, 7), ElementsAre()));
}

TEST_F(KafkaTest, ABoundedReadFinishesAtTheEndThatWasResolved) {
  ProduceIds(0, 0, 4);
  SetOption("scan.bounded.mode", "latest-offset");
  auto states = Start();
  EXPECT_EQ(states[0].end_position(), 4);
  ProduceIds(0, 4, 9);
  auto source = Open(states);
  ASSERT_TRUE(ReadToEnd(*source).ok());
  EXPECT_THAT(ids_[0], ElementsAre(0, 1, 2, 3));
  EXPECT_TRUE(source->splits()[0].finished);
  EXPECT_TRUE(source->splits()[1].finished) << "an empty partition has nothing to read";
  EXPECT_EQ(source->splits()[0].position, 4);
}

TEST_F(KafkaTest, StartModesBecomeNumbers) {
  ProduceIds(0, 0, 4);
  SetOption("scan.startup.mode", "latest-offset");
  EXPECT_EQ(Start()[0].position(), 4);
  SetOption("scan.startup.mode", "specific-offsets");
  SetOption("scan.startup.specific-offsets", "partition:0,offset:2");
  auto states = Start();
  EXPECT_EQ(states[0].position(), 2);
  EXPECT_EQ(states[1].position(), 0);
  auto source = Open(states);
  ASSERT_TRUE(ReadToEnd(*source).ok());
  EXPECT_THAT(ids_[0], ElementsAre(2, 3));
}

TEST_F(KafkaTest, SplitsMayBeAddedWhileReading) {
  ProduceIds(0, 0, 3);
  ProduceIds(1, 100, 102);
  auto states = Start();
  auto source = Open({states[0]});
  ASSERT_TRUE(ReadToEnd(*source).ok());
  auto catalog = *connector_->OpenCatalog(spec_);
  auto found = catalog->ResolveNew({"clicks/1"});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ((*found)[0].position(), 0);
  ASSERT_TRUE(source->AddSplits(*found).ok());
  ASSERT_TRUE(ReadToEnd(*source).ok());
  EXPECT_THAT(ids_, ElementsAre(ElementsAre(0, 1, 2), ElementsAre(100, 101)));
}

// A subtask beyond the number of partitions has none, until one is added.
TEST_F(KafkaTest, ASourceWithoutSplitsReadsNothingUntilOneIsAdded) {
  ProduceIds(0, 0, 3);
  auto states = Start();
  auto source = Open({});
  for (int i = 0; i < 10; ++i) {
    auto batch = source->Poll();
    ASSERT_TRUE(batch.ok()) << batch.status();
    EXPECT_FALSE(batch->has_value());
  }
  ASSERT_TRUE(source->AddSplits(std::vector<SplitState>{states[0]}).ok());
  ASSERT_TRUE(ReadToEnd(*source).ok());
  EXPECT_THAT(ids_[0], ElementsAre(0, 1, 2));
}

TEST_F(KafkaTest, BadRecordsBecomeDeadLettersOrFailThePipeline) {
  ProduceIds(0, 0, 2);
  Produce("clicks", 0, "{\"id\": 1.5}");
  ProduceIds(0, 3, 4);
  spec_.dead_letters_connected = true;
  auto source = Open(Start());
  ASSERT_TRUE(ReadToEnd(*source).ok());
  EXPECT_THAT(ids_[0], ElementsAre(0, 1, 3));
  ASSERT_EQ(dead_letters_.size(), 1u);
  ASSERT_EQ(dead_letters_[0]->num_rows(), 1);
  auto text = [&](const char* column) { return (*dead_letters_[0]->GetColumnByName(column)->GetScalar(0))->ToString(); };
  EXPECT_EQ(text("topic"), "clicks");
  EXPECT_EQ(text("offset"), "2");
  EXPECT_THAT(text("error"), HasSubstr("1.5 does not fit without loss"));
  EXPECT_GE(num_runs_, 2u) << "the bad record parts the rows around it";
  ASSERT_EQ(bad_records_.size(), 1u);
  EXPECT_EQ(bad_records_[0].split, 0);
  EXPECT_EQ(bad_records_[0].position, 2);
  EXPECT_LE(bad_records_[0].num_before, 2) << "of its batch";
  EXPECT_EQ(bad_records_[0].reason, "column 'id' (BIGINT): a value does not fit without loss");

  spec_.dead_letters_connected = false;
  auto strict = Open(Start());
  ids_.clear();
  absl::Status status = ReadToEnd(*strict);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("topic: clicks, partition: 0, offset: 2: column 'id'"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("value: {\\\"id\\\": 1.5}"));
  EXPECT_THAT(ids_[0], ElementsAre(0, 1)) << "what came before the bad record is not lost";
  EXPECT_EQ(strict->splits()[0].position, 2);
}

TEST_F(KafkaTest, ABadRecordOfAnyBytesIsToldInUtf8) {
  Produce("clicks", 0, "\xff\xfe{\"id\": 1}");
  ASSERT_EQ(rd_kafka_flush(producer_, 10'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  auto strict = Open(Start());
  const std::string message(ReadToEnd(*strict).message());
  EXPECT_THAT(message, HasSubstr("topic: clicks, partition: 0, offset: 0: not JSON: it is not UTF-8"));
  EXPECT_EQ(ToUtf8(message), message);
}

TEST_F(KafkaTest, MetadataFillsItsColumns) {
  AddColumn("t", "STRING", "topic");
  AddColumn("p", "INT", "partition");
  AddColumn("ts", "TIMESTAMP_LTZ(3)", "timestamp");
  AddColumn("k", "BYTES NOT NULL", "key");
  AddColumn("h", "MAP<STRING, BYTES>", "headers");
  ProduceIds(1, 7, 8);
  auto source = Open(Start());
  BatchPtr rows;
  for (int i = 0; i < 2'000 && (rows == nullptr || rows->num_rows() == 0); ++i) {
    auto batch = source->Poll();
    ASSERT_TRUE(batch.ok()) << batch.status();
    if (batch->has_value()) rows = (*batch)->rows;
    if (!batch->has_value()) absl::SleepFor(absl::Milliseconds(5));
  }
  ASSERT_NE(rows, nullptr);
  ASSERT_TRUE(rows->ValidateFull().ok());
  std::vector<std::string> cells;
  for (int i = 0; i < rows->num_columns(); ++i) cells.push_back((*rows->column(i)->GetScalar(0))->ToString());
  EXPECT_THAT(cells, ElementsAre("7", "0", "clicks", "1", "2023-11-14 22:13:20.000000Z", "k", "map<string, binary>[{key:string = h, value:binary = x}]"));
}

TEST_F(KafkaTest, RecordsThatNobodyWantsAreReadAndAreNoRows) {
  AddColumn("ts", "TIMESTAMP_LTZ(3)", "timestamp");
  spec_.source.mutable_watermark()->set_column("ts");
  spec_.dead_letters_connected = true;
  auto& filter = spec_.record_filter.emplace();
  filter.set_kind(internal::v1::RecordFilter::GREATER_EQUAL);
  filter.set_column("id");
  filter.mutable_exact()->set_low(3);
  ProduceIds(0, 0, 2);
  Produce("clicks", 0, "{\"id\": 1}", 1'800'000'000'000);
  Produce("clicks", 0, "{\"id\": \"\"}");
  ProduceIds(0, 3, 5);
  ProduceIds(1, 0, 2);
  auto source = Open(Start());
  ASSERT_TRUE(ReadToEnd(*source).ok());
  EXPECT_THAT(ids_[0], ElementsAre(3, 4));
  EXPECT_THAT(ids_[1], ElementsAre());
  EXPECT_EQ(source->splits()[0].position, 6);
  EXPECT_EQ(source->splits()[1].position, 2);
  ASSERT_EQ(bad_records_.size(), 1u) << "what is bad is bad whatever the filter says";
  EXPECT_EQ(bad_records_[0].position, 3);
  std::map<int, DroppedRecords> dropped;
  for (const DroppedRecords& own : dropped_) {
    dropped[own.split].num_records += own.num_records;
    dropped[own.split].newest = std::max(dropped[own.split].newest, own.newest);
  }
  EXPECT_EQ(dropped[0].num_records, 3);
  EXPECT_EQ(dropped[1].num_records, 2);
  EXPECT_EQ(dropped[0].newest, 1'800'000'000'000'000) << "the record's own timestamp";
  EXPECT_EQ(dropped[1].newest, 1'700'000'000'000'000);

  auto again = Open(StatesOf(*source));
  ids_.clear();
  ASSERT_TRUE(ReadToEnd(*again).ok()) << "a record that was dropped proves the position too";
  EXPECT_THAT(ids_[0], ElementsAre());
}

TEST_F(KafkaTest, ATopicMadeAnewIsNoticed) {
  ProduceIds(0, 0, 5);
  auto first = Open(Start());
  ASSERT_TRUE(ReadToEnd(*first).ok());
  auto states = StatesOf(*first);
  // The same offset holds another record: this is another log.
  RecordFingerprint other = *RecordFingerprint::Decode(states[0].fingerprint());
  EXPECT_EQ(other.offset, 4);
  other.value_hash ^= 1;
  states[0].set_fingerprint(other.Encode());
  auto second = Open(states);
  absl::Status status = ReadToEnd(*second);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("made anew"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("under another name"));
}

// librdkafka 2.0 waited for itself for ever.
TEST_F(KafkaTest, ASourceOfADeletedTopicCanBeClosed) {
  SetOption("properties.topic.metadata.refresh.interval.ms", "50");
  int num_errors = 0;
  spec_.on_client_error = [&](std::string_view code) { num_errors += code == "UNKNOWN_TOPIC_OR_PART" ? 1 : 0; };
  ProduceIds(0, 0, 5);
  auto source = Open(Start());
  ASSERT_TRUE(ReadToEnd(*source).ok());
  rd_kafka_mock_topic_set_error(cluster_, "clicks", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  for (int i = 0; i < 2'000 && num_errors < 2; ++i) {
    (void)source->Poll();
    absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_EQ(num_errors, 2) << "one per partition";
  source->Close();
}

TEST_F(KafkaTest, ATopicThatIsDeletedWhileItIsReadIsNoticed) {
  SetOption("properties.topic.metadata.refresh.interval.ms", "50");
  ProduceIds(0, 0, 5);
  auto source = Open(Start());
  ASSERT_TRUE(ReadToEnd(*source).ok());
  auto states = StatesOf(*source);
  rd_kafka_mock_topic_set_error(cluster_, "clicks", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  absl::Status status = PollUntilFailure(*source);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status << ": a broker that is starting may say so too";
  EXPECT_THAT(std::string(status.message()), HasSubstr("topic: clicks, partition: 0"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("deleted while it was read"));
  source.reset();

  status = TryOpen(states).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("topic: clicks, partition: 0"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("was the topic deleted? "));
  EXPECT_THAT(std::string(status.message()), HasSubstr("under another name"));
}

TEST_F(KafkaTest, ATopicThatWasNeverReadAndIsNotThereMayStillCome) {
  auto states = Start();
  rd_kafka_mock_topic_set_error(cluster_, "clicks", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  EXPECT_EQ(TryOpen(states).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(KafkaTest, AnOffsetThatIsGoneWhileReadingIsDataLoss) {
  ProduceIds(0, 0, 5);
  auto source = Open(Start());
  ASSERT_TRUE(ReadToEnd(*source).ok());
  constexpr int16_t kFetchRequest = 1;
  rd_kafka_mock_push_request_errors(cluster_, kFetchRequest, 1, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
  absl::Status status = PollUntilFailure(*source);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("topic: clicks, partition: "));
  EXPECT_THAT(std::string(status.message()), HasSubstr("did retention remove the records, or was the topic made anew?"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("under another name"));
}

// The record before the position proves it; retention may take it while the source is opened.
TEST_F(KafkaTest, AProofThatIsGoneAtTheFirstFetchIsTriedAgain) {
  ProduceIds(0, 0, 5);
  auto first = Open(Start());
  ASSERT_TRUE(ReadToEnd(*first).ok());
  auto states = StatesOf(*first);
  first.reset();
  constexpr int16_t kFetchRequest = 1;
  rd_kafka_mock_push_request_errors(cluster_, kFetchRequest, 1, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
  auto second = Open({states[0]});
  absl::Status status = PollUntilFailure(*second);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
  EXPECT_FALSE(IsPermanent(status)) << "the next opening decides";
}

TEST_F(KafkaTest, APositionThatIsNotThereIsDataLoss) {
  ProduceIds(0, 0, 5);
  auto states = Start();
  states[0].set_position(6);
  absl::Status status = TryOpen(states).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("topic: clicks, partition: 0, offset: 6"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("available: 0 to 5"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("under another name"));
}

TEST_F(KafkaTest, AnotherClusterIsDataLoss) {
  auto states = Start();
  system_id_ = "other";
  EXPECT_EQ(TryOpen(states).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(KafkaTest, AMissingTopicNamesTheNearest) {
  SetOption("topic", "click");
  auto catalog = connector_->OpenCatalog(spec_);
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  auto splits = (*catalog)->ListSplits();
  EXPECT_EQ(splits.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(splits.status().message()), HasSubstr("has no topic 'click' that this login may see; did you mean 'clicks'?"));
}

TEST_F(KafkaTest, AnUnreachableBrokerSaysWhere) {
  SetOption("properties.bootstrap.servers", "127.0.0.1:1");
  auto catalog = connector_->OpenCatalog(spec_);
  EXPECT_EQ(catalog.status().code(), absl::StatusCode::kUnavailable);
  std::string message(catalog.status().message());
  EXPECT_THAT(message, HasSubstr("127.0.0.1:1"));
  EXPECT_THAT(message, HasSubstr("Connection refused"));
  EXPECT_THAT(message, HasSubstr("advertised.listeners"));
}

TEST_F(KafkaTest, AMissingCertificateFileIsNamed) {
  SetOption("properties.security.protocol", "SSL");
  SetOption("properties.ssl.ca.location", "/nowhere/ca.pem");
  auto catalog = connector_->OpenCatalog(spec_);
  EXPECT_EQ(catalog.status().code(), absl::StatusCode::kInvalidArgument);
  std::string message(catalog.status().message());
  EXPECT_THAT(message, HasSubstr("properties.ssl.ca.location"));
  EXPECT_THAT(message, HasSubstr("/nowhere/ca.pem"));
  EXPECT_THAT(message, HasSubstr("every worker"));
}

TEST_F(KafkaTest, TlsOnAPlainPortPointsAtTheSettings) {
  SetOption("properties.security.protocol", "SSL");
  auto catalog = connector_->OpenCatalog(spec_);
  EXPECT_EQ(catalog.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(catalog.status().message()), HasSubstr("does 'properties.security.protocol' fit the port"));
}

// A commit whose broker is gone keeps it from ending for seconds.
TEST_F(KafkaTest, TheClientEndsOnTheIoPool) {
  HeldIoPool io_pool;
  connector_ = MakeKafkaConnector({.io_pool = &io_pool});
  ProduceIds(0, 0, 5);
  auto states = Start();
  std::set<std::string> others = Clients();
  auto source = Open(states);
  ASSERT_TRUE(ReadToEnd(*source).ok());
  std::set<std::string> clients = Clients();
  std::erase_if(clients, [&](const std::string& client) { return others.contains(client); });
  ASSERT_EQ(clients.size(), 1u);
  source.reset();
  EXPECT_TRUE(Clients().contains(*clients.begin()));
  for (auto& closure : io_pool.held) closure();
  // A thread that was joined may be listed for a moment longer.
  for (int i = 0; i < 2'000 && Clients().contains(*clients.begin()); ++i) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_FALSE(Clients().contains(*clients.begin()));
}

TEST_F(KafkaTest, CompletedCheckpointsAreToldToTheGroup) {
  SetOption("properties.group.id", "lag-tools");
  ProduceIds(0, 0, 5);
  auto source = Open(Start());
  ASSERT_TRUE(ReadToEnd(*source).ok());
  source->OnCheckpointComplete(StatesOf(*source));
  char reason[256];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster_), reason, sizeof(reason));
  rd_kafka_conf_set(conf, "group.id", "lag-tools", reason, sizeof(reason));
  rd_kafka_t* tool = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof(reason));
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, "clicks", 0);
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(rd_kafka_committed(tool, list, 10'000), RD_KAFKA_RESP_ERR_NO_ERROR);
    if (list->elems[0].offset == 5) break;
    absl::SleepFor(absl::Milliseconds(20));
  }
  EXPECT_EQ(list->elems[0].offset, 5);
  rd_kafka_topic_partition_list_destroy(list);
  rd_kafka_destroy(tool);
}

TEST_F(KafkaTest, ASecretThatIsNotThereIsNamedAndOneThatIsThereIsUsed) {
  SetOption("properties.sasl.mechanism", "PLAIN");
  SetOption("properties.sasl.username", "ada");
  SetOption("properties.sasl.password", "${env:MILLRACE_TEST_KAFKA_SECRET}");
  unsetenv("MILLRACE_TEST_KAFKA_SECRET");
  absl::Status missing = connector_->OpenCatalog(spec_).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(missing)) << missing;
  EXPECT_THAT(std::string(missing.message()), HasSubstr("'properties.sasl.password': look up secret ${env:MILLRACE_TEST_KAFKA_SECRET}"));
  setenv("MILLRACE_TEST_KAFKA_SECRET", "hunter2", 1);
  EXPECT_TRUE(connector_->OpenCatalog(spec_).ok());
}

}  // namespace
}  // namespace millrace
