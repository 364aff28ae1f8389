#include "connectors/kafka/kafka_source.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "arrow/array.h"
#include "arrow/record_batch.h"
#include "arrow/type.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/utf8.h"
#include "connectors/format/json_decoder.h"

namespace millrace {
namespace {

constexpr absl::Duration kOpenTimeout = absl::Seconds(30);
constexpr size_t kMaxExcerptBytes = 200;
constexpr absl::Duration kWakeTimeout = absl::Seconds(1);

// Of librdkafka, for a message beside its key and value: an operation in its queue.
constexpr double kMessageBytes = 256;

std::string Excerpt(const rd_kafka_message_t& record) {
  if (record.payload == nullptr) return "none";
  std::string_view value(static_cast<const char*>(record.payload), std::min(record.len, kMaxExcerptBytes));
  return Cat(ToUtf8(StdView(absl::Utf8SafeCHexEscape(AbslView(value)))), record.len > kMaxExcerptBytes ? "…" : "");
}

std::string Place(const KafkaSplit& split, int64_t offset) {
  return PartitionCursor::Place(split.topic, split.partition, offset);
}

RecordFingerprint FingerprintOf(const rd_kafka_message_t& record) {
  return RecordFingerprint::Of(record.offset, rd_kafka_message_timestamp(&record, nullptr), record.payload, record.len);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Source>> KafkaSource::Make(const SourceSpec& spec, KafkaOptions options, IoPool* io_pool) {
  std::unique_ptr<KafkaSource> source(new KafkaSource(spec, std::move(options), io_pool));
  RETURN_IF_ERROR(source->PrepareColumns(spec));
  return source;
}

KafkaSource::KafkaSource(const SourceSpec& spec, KafkaOptions options, IoPool* io_pool)
    : pipeline_(spec.pipeline),
      uid_(spec.uid),
      dead_letters_connected_(spec.dead_letters_connected),
      options_(std::move(options)),
      io_pool_(io_pool),
      on_client_error_(spec.on_client_error),
      dead_letters_(spec.pipeline, spec.uid),
      fetched_(spec.memory, MemoryKind::kFetched) {}

KafkaSource::~KafkaSource() { Close(); }

absl::Status KafkaSource::PrepareColumns(const SourceSpec& spec) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Field>> payload;
  int num_metadata = 0;
  for (const std::string& name : spec.used_columns) {
    const v1::Column* column = nullptr;
    for (const v1::Column& candidate : spec.source.columns()) {
      if (candidate.name() == name) column = &candidate;
    }
    if (column == nullptr) return Internal("make source ", uid_, ": used column is not in the plan: ", name);
    ASSIGN_OR_RETURN(auto field, FieldOf(*column));
    fields.push_back(field);
    if (column->metadata().empty()) {
      origins_.push_back({.is_metadata = false, .index = static_cast<int>(payload.size())});
      payload.push_back(field);
    } else {
      origins_.push_back({.is_metadata = true, .index = num_metadata++});
      RETURN_IF_ERROR(metadata_.Add(*column, *field, name == spec.source.watermark().column()));
    }
  }
  schema_ = arrow::schema(std::move(fields));
  ASSIGN_OR_RETURN(decoder_, JsonDecoder::Make(arrow::schema(std::move(payload)),
                                               {.timestamp_format = options_.timestamp_format,
                                                .record_filter = spec.record_filter,
                                                .time_column = spec.source.watermark().column()}));
  return absl::OkStatus();
}

absl::Status KafkaSource::Open(std::span<const storage::v1::SplitState> splits, std::string_view system_id,
                               std::function<void()> wake) {
  wake_ = std::move(wake);
  std::string group = options_.group_id.empty() ? Cat("millrace-", pipeline_, "-", uid_) : options_.group_id;
  ASSIGN_OR_RETURN(client_, KafkaClient::Make(options_, group));
  client_->OnEveryError(on_client_error_);
  ASSIGN_OR_RETURN(std::string cluster, client_->ClusterId(kOpenTimeout));
  if (cluster != system_id) {
    return RefuseOtherSystem(Cat("open source ", uid_, ": ", options_.bootstrap_servers), system_id, cluster);
  }
  RETURN_IF_ERROR(Add(splits));
  RETURN_IF_ERROR(CheckRanges(0));
  RETURN_IF_ERROR(FromKafka(rd_kafka_poll_set_consumer(client_->get()), "open the consumer's queue"));
  queue_.reset(rd_kafka_queue_get_consumer(client_->get()));
  if (queue_ == nullptr) return Internal("open source ", uid_, ": librdkafka gave no queue");
  rd_kafka_queue_cb_event_enable(
      queue_.get(), [](rd_kafka_t*, void* self) { static_cast<KafkaSource*>(self)->wake_(); }, this);
  RETURN_IF_ERROR(Assign(0));
  wake_();
  return absl::OkStatus();
}

absl::Status KafkaSource::AddSplits(std::span<const storage::v1::SplitState> splits) {
  size_t first = splits_.size();
  RETURN_IF_ERROR(Add(splits));
  return Assign(first);
}

absl::Status KafkaSource::Add(std::span<const storage::v1::SplitState> splits) {
  for (const auto& state : splits) {
    ASSIGN_OR_RETURN(KafkaSplit split, KafkaSplit::Parse(state.id()));
    PartitionCursor cursor(split.topic, split.partition, state.fingerprint());
    splits_.push_back(PartitionCursor::ProgressOf(state));
    readings_.push_back({.split = std::move(split), .cursor = std::move(cursor)});
  }
  return absl::OkStatus();
}

absl::Status KafkaSource::CheckRanges(size_t first) {
  std::vector<KafkaSplit> all;
  for (size_t i = first; i < readings_.size(); ++i) all.push_back(readings_[i].split);
  auto query = [&](int64_t place) {
    return client_->QueryOffsets(all, std::vector<int64_t>(all.size(), place), kOpenTimeout);
  };
  absl::StatusOr<std::vector<int64_t>> answer = query(RD_KAFKA_OFFSET_BEGINNING);
  if (absl::IsNotFound(answer.status())) return Gone(answer.status());
  ASSIGN_OR_RETURN(auto lows, std::move(answer));
  ASSIGN_OR_RETURN(auto highs, query(RD_KAFKA_OFFSET_END));
  for (size_t i = 0; i < all.size(); ++i) {
    RETURN_IF_ERROR(readings_[first + i].cursor.CheckRange(lows[i], highs[i], splits_[first + i]));
  }
  return absl::OkStatus();
}

absl::Status KafkaSource::Gone(const absl::Status& not_found) const {
  bool was_read = std::any_of(readings_.begin(), readings_.end(), [](const Reading& r) { return r.cursor.is_unproven(); });
  // What was never read may have been created a moment ago, and not every broker knows it yet.
  if (!was_read) return not_found;
  return RefuseGonePartition(StdView(not_found.message()));
}

absl::Status KafkaSource::Assign(size_t first) {
  TopicPartitions list(rd_kafka_topic_partition_list_new(static_cast<int>(readings_.size() - first) + 1));
  for (size_t i = first; i < readings_.size(); ++i) {
    if (splits_[i].finished) continue;
    auto* entry = rd_kafka_topic_partition_list_add(list.get(), readings_[i].split.topic.c_str(), readings_[i].split.partition);
    entry->offset = readings_[i].cursor.FirstOffset(splits_[i]);
  }
  if (list->cnt == 0) return absl::OkStatus();
  KeepFetching();
  return client_->Assign(list);
}

void KafkaSource::KeepFetching() {
  std::vector<KafkaSplit> unfinished;
  for (size_t i = 0; i < readings_.size(); ++i) {
    if (!splits_[i].finished) unfinished.push_back(readings_[i].split);
  }
  // What they answer does not matter, nor that they do.
  fetch_waker_.emplace(io_pool_, [client = client_, unfinished = std::move(unfinished)] {
    (void)client->QueryOffsets(unfinished, std::vector<int64_t>(unfinished.size(), RD_KAFKA_OFFSET_END), kWakeTimeout);
  });
}

bool KafkaSource::Fetch() {
  if (next_ < messages_.size()) return true;
  messages_.resize(kMaxRows);
  ssize_t count = rd_kafka_consume_batch_queue(queue_.get(), 0, messages_.data(), messages_.size());
  messages_.resize(static_cast<size_t>(std::max<ssize_t>(count, 0)));
  next_ = 0;
  if (fetch_waker_.has_value()) fetch_waker_->OnQueueLength(rd_kafka_queue_length(queue_.get()));
  return !messages_.empty();
}

absl::StatusOr<std::optional<SourceBatch>> KafkaSource::Poll() {
  if (!deferred_.ok()) return std::exchange(deferred_, absl::OkStatus());
  if (queue_ == nullptr) return Internal("poll source ", uid_, ": it is not open");
  bool any = Fetch();
  RETURN_IF_ERROR(client_->TakeError());
  if (!any) {
    fetched_.Resize(0);
    return std::nullopt;
  }
  SourceBatch batch;
  while (next_ < messages_.size() && decoder_->num_rows() < kMaxRows && batch.num_bytes < kMaxBytes) {
    const rd_kafka_message_t& message = *messages_[next_++];
    absl::Status status;
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      status = TakeEvent(message);
    } else {
      auto split = SplitOf(message);
      status = split.ok() ? TakeRecord(*split, message, &batch) : split.status();
    }
    if (status.ok()) [[likely]]
      continue;
    deferred_ = std::move(status);
    break;
  }
  auto built = Build(std::move(batch));
  ReleaseTaken();
  if (built.ok()) CountFetched(*built);
  if (!built.ok()) return built.status();
  if (!deferred_.ok() && built->num_records == 0) return std::exchange(deferred_, absl::OkStatus());
  return std::optional<SourceBatch>(std::move(*built));
}

void KafkaSource::CountFetched(const SourceBatch& batch) {
  if (batch.num_records > 0) {
    record_bytes_ = static_cast<double>(batch.num_bytes) / static_cast<double>(batch.num_records);
  }
  size_t num_fetched = messages_.size() - next_ + rd_kafka_queue_length(queue_.get());
  fetched_.Resize(static_cast<uint64_t>(static_cast<double>(num_fetched) * (record_bytes_ + kMessageBytes)));
}

absl::StatusOr<int> KafkaSource::SplitOf(const rd_kafka_message_t& message) {
  if (message.rkt == last_topic_ && message.partition == last_partition_) [[likely]]
    return last_split_;
  if (message.rkt != nullptr) {
    std::string_view topic = rd_kafka_topic_name(message.rkt);
    for (size_t i = 0; i < readings_.size(); ++i) {
      if (readings_[i].split.partition != message.partition || readings_[i].split.topic != topic) continue;
      last_topic_ = message.rkt;
      last_partition_ = message.partition;
      last_split_ = static_cast<int>(i);
      return last_split_;
    }
  }
  return Internal("read Kafka: a message of a partition that was not assigned: ", message.partition);
}

absl::Status KafkaSource::TakeEvent(const rd_kafka_message_t& message) {
  if (message.rkt == nullptr) return FromKafka(message.err, Cat("read Kafka: ", rd_kafka_message_errstr(&message)));
  ASSIGN_OR_RETURN(int index, SplitOf(message));
  SplitProgress& progress = splits_[index];
  Reading& reading = readings_[index];
  if (progress.finished) return absl::OkStatus();
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    RETURN_IF_ERROR(reading.cursor.OnEnd(message.offset, progress));
    return progress.finished ? GiveUp(index) : absl::OkStatus();
  }
  absl::Status status = FromKafka(message.err, Cat("read Kafka: ", Place(reading.split, progress.position), ": ",
                                                   rd_kafka_message_errstr(&message)));
  if (!absl::IsDataLoss(status)) return status;
  int64_t low = -1;
  int64_t high = -1;
  rd_kafka_get_watermark_offsets(client_->get(), reading.split.topic.c_str(), reading.split.partition, &low, &high);
  return reading.cursor.OnLostOffset(StdView(status.message()), low, high);
}

absl::Status KafkaSource::TakeRecord(int split, const rd_kafka_message_t& record, SourceBatch* batch) {
  SplitProgress& progress = splits_[split];
  Reading& reading = readings_[split];
  if (progress.finished) return absl::OkStatus();
  if (reading.cursor.is_unproven()) [[unlikely]] RETURN_IF_ERROR(reading.cursor.Prove(FingerprintOf(record), progress));
  PartitionCursor::Step step = PartitionCursor::Next(record.offset, progress);
  if (step == PartitionCursor::Step::kSkip) return absl::OkStatus();
  if (step == PartitionCursor::Step::kFinished) return GiveUp(split);
  absl::StatusOr<Decoded> decoded = Decode(record);
  if (!decoded.ok()) [[unlikely]] {
    if (!absl::IsInvalidArgument(decoded.status())) return decoded.status();
    RETURN_IF_ERROR(Refuse(split, record, decoded.status(), batch));
  } else if (*decoded == Decoded::kDropped) {
    AddToDropped(split, metadata_.TimeOf(record).value_or(decoder_->dropped_time()), batch->dropped);
  } else {
    AddToRuns(split, record.offset, batch->runs);
  }
  ++batch->num_records;
  batch->num_bytes += static_cast<int64_t>(record.len + record.key_len);
  reading.last = &record;
  ++reading.num_taken;
  PartitionCursor::Took(record.offset, progress);
  return progress.finished ? GiveUp(split) : absl::OkStatus();
}

absl::StatusOr<Decoded> KafkaSource::Decode(const rd_kafka_message_t& record) {
  if (const char* error = metadata_.Refuses(record)) return InvalidArgument(error);
  ASSIGN_OR_RETURN(Decoded decoded, decoder_->Append({record.payload, record.len}));
  if (decoded == Decoded::kDropped) return decoded;
  absl::Status status = metadata_.Append(record);
  if (!status.ok()) return Internal("append metadata of a record: ", status.message());
  return decoded;
}

absl::Status KafkaSource::Refuse(int index, const rd_kafka_message_t& record, const absl::Status& error, SourceBatch* batch) {
  const KafkaSplit& split = readings_[index].split;
  if (!dead_letters_connected_) {
    return InvalidArgument("decode record: ", Place(split, record.offset), ": ", error.message(), "; value: ", Excerpt(record),
                           "; connect the source's dead_letter output to set bad records aside");
  }
  std::string message(error.message());
  const char* metadata = metadata_.Refuses(record);
  batch->bad_records.push_back({.split = index,
                                .num_before = readings_[index].num_taken,
                                .position = record.offset,
                                .reason = metadata != nullptr ? metadata : decoder_->refusal()});
  dead_letters_.Append({.error = message,
                        .topic = split.topic,
                        .partition = split.partition,
                        .offset = record.offset,
                        .timestamp_ms = rd_kafka_message_timestamp(&record, nullptr),
                        .key = record.key,
                        .key_size = record.key_len,
                        .value = record.payload,
                        .value_size = record.len});
  return absl::OkStatus();
}

absl::Status KafkaSource::GiveUp(int split) {
  TopicPartitions list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), readings_[split].split.topic.c_str(), readings_[split].split.partition);
  rd_kafka_error_t* error = rd_kafka_incremental_unassign(client_->get(), list.get());
  if (error == nullptr) return absl::OkStatus();
  absl::Status status = FromKafka(rd_kafka_error_code(error), Cat("give up partition ", splits_[split].id));
  rd_kafka_error_destroy(error);
  return status;
}

absl::StatusOr<SourceBatch> KafkaSource::Build(SourceBatch batch) {
  int64_t num_rows = decoder_->num_rows();
  ASSIGN_OR_RETURN(auto payload, decoder_->Flush());
  ASSIGN_OR_RETURN(auto metadata, metadata_.Flush());
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (const ColumnOrigin& origin : origins_) {
    arrays.push_back(origin.is_metadata ? metadata[origin.index] : payload->column(origin.index));
  }
  batch.rows = arrow::RecordBatch::Make(schema_, num_rows, std::move(arrays));
  batch.dead_letters = dead_letters_.Flush();
  return batch;
}

void KafkaSource::ReleaseTaken() {
  for (size_t i = 0; i < readings_.size(); ++i) {
    const rd_kafka_message_t* last = std::exchange(readings_[i].last, nullptr);
    readings_[i].num_taken = 0;
    if (last == nullptr) continue;
    SplitProgress& progress = splits_[i];
    progress.fingerprint = FingerprintOf(*last).Encode();
    progress.last_record_ms = rd_kafka_message_timestamp(last, nullptr);
    int64_t low = -1;
    int64_t high = -1;
    const KafkaSplit& split = readings_[i].split;
    if (!progress.at_end && rd_kafka_get_watermark_offsets(client_->get(), split.topic.c_str(), split.partition, &low, &high) ==
                                RD_KAFKA_RESP_ERR_NO_ERROR) {
      progress.lag = high < 0 ? -1 : std::max<int64_t>(0, high - progress.position);
    }
  }
  for (size_t i = 0; i < next_; ++i) {
    if (rd_kafka_message_t* taken = std::exchange(messages_[i], nullptr)) rd_kafka_message_destroy(taken);
  }
}

void KafkaSource::OnCheckpointComplete(std::span<const storage::v1::SplitState> splits) {
  if (options_.group_id.empty() || client_ == nullptr || splits.empty()) return;
  TopicPartitions list(rd_kafka_topic_partition_list_new(static_cast<int>(splits.size())));
  for (const auto& state : splits) {
    auto split = KafkaSplit::Parse(state.id());
    if (!split.ok()) continue;
    rd_kafka_topic_partition_list_add(list.get(), split->topic.c_str(), split->partition)->offset = state.position();
  }
  // For lag tools only: what becomes of it changes nothing here.
  rd_kafka_commit(client_->get(), list.get(), /*async=*/1);
}

void KafkaSource::Close() {
  if (queue_ != nullptr) rd_kafka_queue_cb_event_enable(queue_.get(), nullptr, nullptr);
  for (rd_kafka_message_t* message : messages_) {
    if (message != nullptr) rd_kafka_message_destroy(message);
  }
  messages_.clear();
  next_ = 0;
  fetched_.Resize(0);
  fetch_waker_.reset();
  queue_.reset();
  if (client_ == nullptr) return;
  client_->OnEveryError(nullptr);
  if (io_pool_ == nullptr) return client_.reset();
  // Its end blocks while commits are under way.
  io_pool_->Run([client = std::move(client_)]() mutable { client.reset(); });
}

}  // namespace millrace
