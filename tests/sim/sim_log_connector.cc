#include "tests/sim/sim_log_connector.h"

#include <arrow/api.h>

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/nearest_name.h"
#include "connectors/dead_letter.h"
#include "connectors/format/json_decoder.h"
#include "connectors/partition_cursor.h"
#include "tests/sim/sim_log.h"

namespace millrace::sim {
namespace {

constexpr std::string_view kSystem = "sim-log-cluster";

absl::Status NoLeader(std::string_view doing) { return Unavailable(doing, ": no leader for the partition"); }

absl::StatusOr<int32_t> NumberOf(const SimLog& log, const std::string& id) {
  int32_t number = -1;
  size_t slash = id.rfind('/');
  if (id.substr(0, slash) != log.options().topic || !absl::SimpleAtoi(id.substr(slash + 1), &number) || number < 0) {
    return Internal("read a split's name: not a partition of ", log.options().topic, ": ", id);
  }
  return number;
}

class SimLogCatalog final : public SourceCatalog {
 public:
  explicit SimLogCatalog(SimLog* log) : log_(log) {}
  absl::StatusOr<std::string> SystemId() override {
    if (log_->FindsNoLeader()) return NoLeader("ask for the cluster id");
    return std::string(kSystem);
  }
  absl::StatusOr<std::vector<std::string>> ListSplits() override {
    if (log_->FindsNoLeader()) return NoLeader("list the partitions");
    std::vector<std::string> ids;
    for (int32_t i = 0; i < log_->num_partitions(); ++i) ids.push_back(log_->IdOf(i));
    if (log_->on_listed) log_->on_listed(ids.size());
    return ids;
  }
  absl::StatusOr<std::vector<storage::v1::SplitState>> ResolveStart(const std::vector<std::string>& split_ids) override {
    return Resolve(split_ids, /*with_ends=*/true);
  }
  absl::StatusOr<std::vector<storage::v1::SplitState>> ResolveNew(const std::vector<std::string>& split_ids) override {
    return Resolve(split_ids, /*with_ends=*/false);
  }
  absl::Duration discovery_interval() const override { return log_->options().discovery_interval; }

 private:
  absl::StatusOr<std::vector<storage::v1::SplitState>> Resolve(const std::vector<std::string>& split_ids, bool with_ends) {
    if (log_->FindsNoLeader()) return NoLeader("ask for offsets");
    std::vector<storage::v1::SplitState> states;
    for (const std::string& id : split_ids) {
      ASSIGN_OR_RETURN(int32_t number, NumberOf(*log_, id));
      if (number >= log_->num_partitions()) return NotFound("ask for the offset of ", id, ": there is no such partition");
      storage::v1::SplitState& state = states.emplace_back();
      state.set_id(id);
      state.set_position(log_->Begin(number));
      state.set_end_position(with_ends ? log_->BoundedEnd(number) : -1);
    }
    return states;
  }
  SimLog* const log_;
};

class SimLogSource final : public Source {
 public:
  SimLogSource(SimLog* log, const SourceSpec& spec, std::unique_ptr<Decoder> decoder)
      : log_(log),
        uid_(spec.uid),
        dead_letters_connected_(spec.dead_letters_connected),
        decoder_(std::move(decoder)),
        dead_letters_(spec.pipeline, spec.uid) {}

  absl::Status Open(std::span<const storage::v1::SplitState> splits, std::string_view system_id, std::function<void()> /*wake*/) override {
    if (log_->FindsNoLeader()) return NoLeader(Cat("open source ", uid_));
    if (system_id != kSystem) return RefuseOtherSystem(Cat("open source ", uid_, ": ", log_->options().topic), system_id, kSystem);
    incarnation_ = log_->incarnation();
    RETURN_IF_ERROR(AddSplits(splits));
    for (size_t i = 0; i < readings_.size(); ++i) {
      Reading& reading = readings_[i];
      if (reading.number >= log_->num_partitions()) {
        std::string why = Cat("topic: ", log_->options().topic, ", partition: ", reading.number, ": unknown topic or partition");
        bool was_read = std::any_of(readings_.begin(), readings_.end(), [](const Reading& r) { return r.cursor.is_unproven(); });
        return was_read ? RefuseGonePartition(why) : NotFound(why);
      }
      RETURN_IF_ERROR(reading.cursor.CheckRange(log_->Begin(reading.number), log_->End(reading.number), splits_[i]));
      reading.next = reading.cursor.FirstOffset(splits_[i]);
    }
    return absl::OkStatus();
  }

  absl::Status AddSplits(std::span<const storage::v1::SplitState> splits) override {
    for (const auto& state : splits) {
      ASSIGN_OR_RETURN(int32_t number, NumberOf(*log_, state.id()));
      PartitionCursor cursor(log_->options().topic, number, state.fingerprint());
      splits_.push_back(PartitionCursor::ProgressOf(state));
      readings_.push_back({.number = number, .cursor = std::move(cursor)});
      readings_.back().next = readings_.back().cursor.FirstOffset(splits_.back());
      if (log_->on_opened) log_->on_opened(number, state.position());
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::optional<SourceBatch>> Poll() override {
    // A client keeps to the topic that it opened; that one is gone.
    if (incarnation_ != log_->incarnation()) {
      return NotFound("read topic: ", log_->options().topic, ": unknown topic id; the topic was deleted while it was read");
    }
    if (log_->FindsNoLeader()) return NoLeader("fetch");
    for (size_t i = 0; i < readings_.size(); ++i) {
      const Reading& reading = readings_[i];
      if (splits_[i].finished || reading.next >= log_->Begin(reading.number)) continue;
      return reading.cursor.OnLostOffset(Cat("read ", reading.cursor.PlaceOf(splits_[i]), ": offset out of range"),
                                         log_->Begin(reading.number), log_->End(reading.number));
    }
    SourceBatch batch;
    for (size_t turn = 0; turn < readings_.size(); ++turn) RETURN_IF_ERROR(Fetch((first_ + turn) % readings_.size(), &batch));
    if (!readings_.empty()) first_ = (first_ + 1) % readings_.size();
    if (batch.num_records == 0) return std::nullopt;
    ASSIGN_OR_RETURN(batch.rows, decoder_->Flush());
    batch.dead_letters = dead_letters_.Flush();
    return std::optional<SourceBatch>(std::move(batch));
  }
  std::span<const SplitProgress> splits() const override { return splits_; }
  void OnCheckpointComplete(std::span<const storage::v1::SplitState>) override {}
  void Close() override {}

 private:
  struct Reading {
    int32_t number = 0;
    PartitionCursor cursor;
    int64_t next = 0;  // to be fetched
  };

  absl::Status Fetch(size_t index, SourceBatch* batch) {
    Reading& reading = readings_[index];
    SplitProgress& at = splits_[index];
    if (at.finished) return absl::OkStatus();
    if (!log_->IsReachable(reading.number)) {
      at.at_end = false;  // nobody knows
      return absl::OkStatus();
    }
    const int64_t end = log_->End(reading.number);
    const int64_t stop = std::min(end, reading.next + log_->options().max_records_per_fetch);
    int64_t num_taken = 0;
    for (; reading.next < stop && !at.finished; ++reading.next) {
      const std::string value = log_->ValueAt(reading.number, reading.next);
      const RecordFingerprint seen =
          RecordFingerprint::Of(reading.next, log_->TimestampAt(reading.next), value.data(), value.size());
      RETURN_IF_ERROR(reading.cursor.Prove(seen, at));
      if (PartitionCursor::Next(reading.next, at) != PartitionCursor::Step::kTake) continue;
      RETURN_IF_ERROR(Take(static_cast<int>(index), num_taken++, value, batch));
      at.fingerprint = seen.Encode();
      PartitionCursor::Took(reading.next, at);
    }
    if (reading.next >= end && !at.finished) return reading.cursor.OnEnd(end, at);
    at.lag = at.finished ? 0 : end - at.position;
    return absl::OkStatus();
  }

  absl::Status Take(int index, int64_t num_before, const std::string& value, SourceBatch* batch) {
    const Reading& reading = readings_[static_cast<size_t>(index)];
    ++batch->num_records;
    batch->num_bytes += static_cast<int64_t>(value.size());
    absl::StatusOr<Decoded> record = decoder_->Append({value.data(), value.size()});
    if (record.ok() && *record == Decoded::kDropped) AddToDropped(index, decoder_->dropped_time(), batch->dropped);
    if (record.ok() && *record == Decoded::kRow) AddToRuns(index, reading.next, batch->runs);
    if (record.ok()) return absl::OkStatus();
    const absl::Status& decoded = record.status();
    if (!absl::IsInvalidArgument(decoded)) return decoded;
    if (!dead_letters_connected_) {
      return InvalidArgument("decode record: ", PartitionCursor::Place(log_->options().topic, reading.number, reading.next), ": ",
                             decoded.message(), "; value: ", value, "; connect the source's dead_letter output to set bad records aside");
    }
    const std::string message(decoded.message());
    batch->bad_records.push_back(
        {.split = index, .num_before = num_before, .position = reading.next, .reason = decoder_->refusal()});
    dead_letters_.Append({.error = message,
                          .topic = log_->options().topic,
                          .partition = reading.number,
                          .offset = reading.next,
                          .timestamp_ms = log_->TimestampAt(reading.next),
                          .value = value.data(),
                          .value_size = value.size()});
    return absl::OkStatus();
  }

  SimLog* const log_;
  const std::string uid_;
  const bool dead_letters_connected_;
  const std::unique_ptr<Decoder> decoder_;
  DeadLetterBuilder dead_letters_;
  uint64_t incarnation_ = 0;
  std::vector<SplitProgress> splits_;
  std::vector<Reading> readings_;
  size_t first_ = 0;
};

class SimLogConnector final : public SourceConnector {
 public:
  explicit SimLogConnector(SimLog* log) : log_(log) {}
  std::vector<std::string> Validate(const v1::Source& source) const override {
    std::vector<std::string> mistakes;
    for (const auto& [name, value] : source.options()) {
      if (name == "format" && value == "json") continue;
      if (name != "topic") {
        mistakes.push_back(
            Cat("log: unknown option '", name, "'", NameAdvice(name, std::vector<std::string>{"format", "topic"})));
      } else if (value != log_->options().topic) {
        mistakes.push_back(Cat("log: there is no topic '", value, "'", NameAdvice(value, std::vector{log_->options().topic})));
      }
    }
    return mistakes;
  }
  absl::StatusOr<std::unique_ptr<SourceCatalog>> OpenCatalog(const SourceSpec& /*spec*/) const override {
    return std::make_unique<SimLogCatalog>(log_);
  }
  absl::StatusOr<std::unique_ptr<Source>> MakeSource(const SourceSpec& spec) const override {
    ASSIGN_OR_RETURN(auto schema, SchemaOf(spec.source.columns()));
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (const std::string& name : spec.used_columns) fields.push_back(schema->GetFieldByName(name));
    ASSIGN_OR_RETURN(auto decoder, JsonDecoder::Make(arrow::schema(std::move(fields)),
                                                     {.record_filter = spec.record_filter,
                                                      .time_column = spec.source.watermark().column()}));
    return std::make_unique<SimLogSource>(log_, spec, std::move(decoder));
  }

 private:
  SimLog* const log_;
};

}  // namespace

std::unique_ptr<SourceConnector> MakeSimLogConnector(SimLog* log) { return std::make_unique<SimLogConnector>(log); }

}  // namespace millrace::sim
