#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "connectors/source.h"

namespace millrace {

// Splits of a source that makes its rows: where they stand, which rows of them are due, and when to look again.
//
// Borrows: the clock and the pool, on which it waits if rows come at a rate; null: whoever polls looks by himself.
// Thread:  task thread; the waker is called from the pool until Close.
class PacedSplits {
 public:
  struct Options {
    // Ids are "<name>/0", "<name>/1", …
    std::string name;
    int64_t num_splits = 1;
    // Of all splits together; 0: as fast as they are polled.
    double rows_per_second = 0;
  };
  // Rows [begin, end) of a split.
  struct Range {
    size_t split = 0;    // index into progress()
    int64_t number = 0;  // in its id
    int64_t begin = 0;
    int64_t end = 0;
  };

  PacedSplits(Options options, const Clock* clock, IoPool* io_pool);
  ~PacedSplits() { Close(); }
  static std::string IdOf(const std::string& name, int64_t number);

  // DataLoss: there is no such split.
  absl::Status Add(std::span<const storage::v1::SplitState> splits);
  void SetWake(std::function<void()> wake);
  // The next rows of a split in turn, at most so many. Nothing: none is due, and unless all are finished, `wake` is
  // called later.
  std::optional<Range> NextDue(int64_t max_rows);
  // The rows were made.
  void Took(const Range& range);
  std::span<const SplitProgress> progress() const { return progress_; }
  void Close();

 private:
  // Outlives this while the pool still waits. The waker, which only posts, is called under the mutex: after Close it is
  // gone.
  struct Alarm {
    Mutex mutex;
    std::function<void()> wake ABSL_GUARDED_BY(mutex);
    bool set ABSL_GUARDED_BY(mutex) = false;
  };
  int64_t DuePosition(size_t split) const;
  void SetAlarm();

  const Options options_;
  const Clock* const clock_;
  IoPool* const io_pool_;
  std::vector<SplitProgress> progress_;
  // By index into progress_.
  std::vector<int64_t> numbers_;
  std::vector<int64_t> first_positions_;
  std::vector<absl::Duration> started_;
  size_t next_ = 0;
  const std::shared_ptr<Alarm> alarm_ = std::make_shared<Alarm>();
};

}  // namespace millrace
