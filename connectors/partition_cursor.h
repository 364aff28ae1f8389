#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "connectors/record_fingerprint.h"
#include "connectors/source.h"
#include "millrace/storage/v1/manifest.pb.h"

namespace millrace {

// Where a reader stands in one partition of a log with offsets, and which record may come next. The one place that
// decides what such a source refuses: a position that is not there any more, a record that is not the one which the
// checkpoint saw, a partition that ends before the position.
//
//   CheckRange   at the opening: the position lies within what is there
//   Prove        the record before the position is the one that was read last, if it is still there
//   Next         a record below the position is skipped; one at or behind a bounded end finishes the split
//   Took         the position moves behind the record
//   OnEnd        the end of what is there now: the position moves over what is no record, such as marks of transactions
//
// Borrows: nothing; `at` is the split's progress, which the source owns.
// Thread:  one at a time.
// Fails:   DataLoss: records are gone, or the topic was made anew. The caller must not go on.
class PartitionCursor {
 public:
  PartitionCursor(std::string topic, int32_t partition, std::string_view fingerprint)
      : topic_(std::move(topic)), partition_(partition), unproven_(RecordFingerprint::Decode(fingerprint)) {}
  static SplitProgress ProgressOf(const storage::v1::SplitState& state);

  const std::string& topic() const { return topic_; }
  int32_t partition() const { return partition_; }
  // A record was read from it before, and is still to be known again.
  bool is_unproven() const { return unproven_.has_value(); }
  // Where to begin: at the record that proves the position, or at the position.
  int64_t FirstOffset(const SplitProgress& at) const { return unproven_.has_value() ? unproven_->offset : at.position; }

  // What is there: [low, high).
  absl::Status CheckRange(int64_t low, int64_t high, SplitProgress& at);
  // The first record that was fetched.
  absl::Status Prove(const RecordFingerprint& seen, const SplitProgress& at);

  enum class Step { kSkip, kTake, kFinished };
  // Whether a record with this offset is to be taken.
  static Step Next(int64_t offset, SplitProgress& at);
  static void Took(int64_t offset, SplitProgress& at);
  // While reading, what was asked for is not there any more. `low` and `high`: what was last seen there. NotFound if
  // that was only the record before the position: whoever opens the source again finds out.
  absl::Status OnLostOffset(std::string_view why, int64_t low, int64_t high) const;
  // `end`: the offset behind the last record.
  absl::Status OnEnd(int64_t end, SplitProgress& at);

  // "topic: clicks, partition: 3, offset: 42"
  static std::string Place(std::string_view topic, int32_t partition, int64_t offset);
  std::string PlaceOf(const SplitProgress& at) const { return Place(topic_, partition_, at.position); }

 private:
  std::string topic_;
  int32_t partition_ = 0;
  // Still to be compared with the record at its offset.
  std::optional<RecordFingerprint> unproven_;
};

// Refusals about a log as a whole. `doing`: "open source clicks: broker:9092".
absl::Status RefuseOtherSystem(std::string_view doing, std::string_view of_checkpoint, std::string_view now);
// A partition that was read before is not there at the opening.
absl::Status RefuseGonePartition(std::string_view why);

}  // namespace millrace
