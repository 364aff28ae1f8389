#include "connectors/generator/paced_splits.h"

#include <algorithm>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "base/error.h"

namespace millrace {
namespace {

constexpr absl::Duration kAlarm = absl::Milliseconds(5);

void MoveTo(SplitProgress& split, int64_t position) {
  split.position = position;
  split.finished = split.end_position >= 0 && position >= split.end_position;
  split.at_end = split.finished;
  if (split.end_position >= 0) split.lag = split.end_position - position;
}

}  // namespace

PacedSplits::PacedSplits(Options options, const Clock* clock, IoPool* io_pool)
    : options_(std::move(options)), clock_(clock), io_pool_(io_pool) {}

std::string PacedSplits::IdOf(const std::string& name, int64_t number) { return Cat(name, "/", number); }

absl::Status PacedSplits::Add(std::span<const storage::v1::SplitState> splits) {
  const std::string prefix = Cat(options_.name, "/");
  for (const auto& state : splits) {
    int64_t number = -1;
    std::string_view id = state.id();
    if (!id.starts_with(prefix) || !absl::SimpleAtoi(AbslView(id.substr(prefix.size())), &number) || number < 0 ||
        number >= options_.num_splits) {
      return DataLoss("open the ", options_.name, ": there is no split ", state.id(), "; splits: ", options_.num_splits);
    }
    SplitProgress& split = progress_.emplace_back();
    split.id = state.id();
    split.end_position = state.end_position();
    MoveTo(split, state.position());
    numbers_.push_back(number);
    first_positions_.push_back(state.position());
    started_.push_back(clock_->Monotonic());
  }
  return absl::OkStatus();
}

void PacedSplits::SetWake(std::function<void()> wake) {
  MutexLock lock(&alarm_->mutex);
  alarm_->wake = std::move(wake);
}

int64_t PacedSplits::DuePosition(size_t split) const {
  int64_t end = progress_[split].end_position;
  if (end < 0) end = std::numeric_limits<int64_t>::max() / 2;
  if (options_.rows_per_second == 0) return end;
  const double seconds = absl::ToDoubleSeconds(clock_->Monotonic() - started_[split]);
  const double due = seconds * options_.rows_per_second / static_cast<double>(options_.num_splits);
  return due < static_cast<double>(end) ? std::min(end, first_positions_[split] + static_cast<int64_t>(due)) : end;
}

std::optional<PacedSplits::Range> PacedSplits::NextDue(int64_t max_rows) {
  bool all_finished = true;
  for (size_t tried = 0; tried < progress_.size(); ++tried) {
    const size_t split = next_;
    next_ = (next_ + 1) % progress_.size();
    SplitProgress& progress = progress_[split];
    if (progress.finished) continue;
    all_finished = false;
    const int64_t end = std::min(DuePosition(split), progress.position + max_rows);
    progress.at_end = end <= progress.position;
    if (!progress.at_end) return Range{split, numbers_[split], progress.position, end};
  }
  if (!all_finished) SetAlarm();
  return std::nullopt;
}

void PacedSplits::Took(const Range& range) { MoveTo(progress_[range.split], range.end); }

void PacedSplits::SetAlarm() {
  if (io_pool_ == nullptr) return;
  {
    MutexLock lock(&alarm_->mutex);
    if (alarm_->set) return;
    alarm_->set = true;
  }
  io_pool_->Run([alarm = alarm_] {
    absl::SleepFor(kAlarm);
    MutexLock lock(&alarm->mutex);
    alarm->set = false;
    if (alarm->wake) alarm->wake();
  });
}

void PacedSplits::Close() {
  MutexLock lock(&alarm_->mutex);
  alarm_->wake = nullptr;
}

}  // namespace millrace
