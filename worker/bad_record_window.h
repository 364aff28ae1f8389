#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "connectors/record_place.h"
#include "millrace/storage/v1/manifest.pb.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// Which of the last records of one split were bad, and whether they are too many. It counts by the split's own order of
// records and is part of checkpoints, so that the record at which a pipeline stops is the same whatever batches,
// restarts and parallelism there were.
//
// Holds at most one bad record more than the limit allows.
// Thread:  one at a time.
class BadRecordWindow {
 public:
  // `restored`: from the checkpoint. Of a window that was smaller then, what it has forgotten stays forgotten.
  BadRecordWindow(const v1::BadRecordLimit& limit, const storage::v1::BadRecordWindow& restored);

  // Records that are read, good and bad, follow those that were counted before: `number` is one of the next
  // `num_records`, from 0. FailedPrecondition: too many of the last records are bad.
  absl::Status AddBad(int64_t number, const RecordPlace& place, std::string_view reason);
  // After the bad ones among them.
  void Advance(int64_t num_records) { num_records_ += static_cast<uint64_t>(num_records); }
  storage::v1::BadRecordWindow State() const;

 private:
  struct Bad {
    uint64_t number = 0;
    int64_t position = 0;
    uint32_t reason = 0;  // index into reasons_
  };
  uint32_t IndexOf(std::string_view reason);
  absl::Status TooMany(const RecordPlace& last) const;

  const double percent_;
  const uint64_t size_;
  uint64_t num_records_ = 0;
  std::deque<Bad> bad_;
  // Distinct; few, for nothing of a record is in them.
  std::vector<std::string> reasons_;
};

}  // namespace millrace
