#include "connectors/partition_cursor.h"

#include <algorithm>

#include "base/error.h"

namespace millrace {
namespace {

constexpr std::string_view kStartOver =
    "This pipeline cannot go on without a gap. To read what is there now, run the plan under another name and with "
    "tables of its own";

bool IsAtBoundedEnd(const SplitProgress& at) { return at.end_position >= 0 && at.position >= at.end_position; }

void Finish(SplitProgress& at) {
  at.finished = true;
  at.at_end = true;
  at.lag = 0;
}

}  // namespace

SplitProgress PartitionCursor::ProgressOf(const storage::v1::SplitState& state) {
  SplitProgress at;
  at.id = state.id();
  at.position = state.position();
  at.end_position = state.end_position();
  at.fingerprint = state.fingerprint();
  if (IsAtBoundedEnd(at)) at.finished = at.at_end = true;
  return at;
}

std::string PartitionCursor::Place(std::string_view topic, int32_t partition, int64_t offset) {
  return Cat("topic: ", topic, ", partition: ", partition, ", offset: ", offset);
}

absl::Status PartitionCursor::CheckRange(int64_t low, int64_t high, SplitProgress& at) {
  if (!at.finished && (at.position < low || at.position > high)) {
    return DataLoss("resume reading at ", PlaceOf(at), ": it is not there any more; available: ", low, " to ", high,
                    at.position > high ? "; was the topic made anew? " : "; did retention remove the records? ", kStartOver);
  }
  at.lag = std::max<int64_t>(0, high - at.position);
  // Retention may take the record that would prove it; the position itself is still good.
  if (unproven_.has_value() && unproven_->offset < low) unproven_.reset();
  return absl::OkStatus();
}

absl::Status PartitionCursor::Prove(const RecordFingerprint& seen, const SplitProgress& at) {
  if (!unproven_.has_value()) return absl::OkStatus();
  RecordFingerprint expected = *std::exchange(unproven_, std::nullopt);
  // A later record means that compaction took the one that would have proven it.
  if (seen.offset != expected.offset || seen == expected) return absl::OkStatus();
  return DataLoss("resume reading at ", PlaceOf(at),
                  ": the record before it is another one than the checkpoint saw; the topic was made anew. ", kStartOver);
}

PartitionCursor::Step PartitionCursor::Next(int64_t offset, SplitProgress& at) {
  if (at.finished || offset < at.position) return Step::kSkip;
  if (at.end_position < 0 || offset < at.end_position) return Step::kTake;
  at.position = at.end_position;
  Finish(at);
  return Step::kFinished;
}

void PartitionCursor::Took(int64_t offset, SplitProgress& at) {
  at.position = offset + 1;
  at.at_end = false;
  if (IsAtBoundedEnd(at)) Finish(at);
}

absl::Status PartitionCursor::OnEnd(int64_t end, SplitProgress& at) {
  if (at.finished) return absl::OkStatus();
  if (end < at.position) {
    return DataLoss("read Kafka: the partition ends before the position: ", PlaceOf(at), ", end: ", end,
                    "; was the topic made anew? ", kStartOver);
  }
  unproven_.reset();
  at.position = end;
  at.at_end = true;
  at.lag = 0;
  if (IsAtBoundedEnd(at)) Finish(at);
  return absl::OkStatus();
}

absl::Status RefuseOtherSystem(std::string_view doing, std::string_view of_checkpoint, std::string_view now) {
  return DataLoss(doing, " is another Kafka cluster than that of the checkpoint: checkpoint: ", of_checkpoint, ", now: ", now);
}

absl::Status RefuseGonePartition(std::string_view why) {
  return DataLoss("resume reading: ", why, "; was the topic deleted? ", kStartOver);
}

absl::Status PartitionCursor::OnLostOffset(std::string_view why, int64_t low, int64_t high) const {
  if (unproven_.has_value()) return NotFound(why, "; retention removed a record that was read before, while the source was opened");
  return DataLoss(why, "; last seen there: ", low, " to ", high,
                  "; did retention remove the records, or was the topic made anew? ", kStartOver);
}

}  // namespace millrace
