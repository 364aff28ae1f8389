#include "worker/bad_record_window.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/error.h"

namespace millrace {
namespace {

constexpr uint32_t kStandardSize = 1000;

}  // namespace

BadRecordWindow::BadRecordWindow(const v1::BadRecordLimit& limit, const storage::v1::BadRecordWindow& restored)
    : percent_(limit.percent()),
      size_(limit.window_records() > 0 ? limit.window_records() : kStandardSize),
      num_records_(restored.num_records()),
      reasons_(restored.reasons().begin(), restored.reasons().end()) {
  int num_bad = std::min({restored.numbers_size(), restored.positions_size(), restored.reason_indices_size()});
  for (int i = 0; i < num_bad; ++i) {
    if (restored.reason_indices(i) >= reasons_.size()) continue;
    bad_.push_back({restored.numbers(i), restored.positions(i), restored.reason_indices(i)});
  }
}

absl::Status BadRecordWindow::AddBad(int64_t number, const RecordPlace& place, std::string_view reason) {
  bad_.push_back({num_records_ + static_cast<uint64_t>(number), place.offset, IndexOf(reason)});
  while (bad_.front().number + size_ <= bad_.back().number) bad_.pop_front();
  bool too_many = static_cast<double>(bad_.size()) * 100 > percent_ * static_cast<double>(size_);
  return too_many ? TooMany(place) : absl::OkStatus();
}

uint32_t BadRecordWindow::IndexOf(std::string_view reason) {
  auto found = std::find(reasons_.begin(), reasons_.end(), reason);
  if (found == reasons_.end()) found = reasons_.insert(reasons_.end(), std::string(reason));
  return static_cast<uint32_t>(found - reasons_.begin());
}

absl::Status BadRecordWindow::TooMany(const RecordPlace& last) const {
  std::vector<size_t> counts(reasons_.size());
  for (const Bad& bad : bad_) ++counts[bad.reason];
  uint32_t most = static_cast<uint32_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
  auto example = std::find_if(bad_.rbegin(), bad_.rend(), [&](const Bad& bad) { return bad.reason == most; });
  const double share = static_cast<double>(bad_.size()) * 100 / static_cast<double>(size_);
  const std::string split = last.is_file ? Cat("file: ", last.topic, ", bytes: ")
                                         : Cat("topic: ", last.topic, ", partition: ", last.partition, ", offsets: ");
  return FailedPrecondition(
      "too many bad records: ", bad_.size(), " of the last ", size_, last.is_file ? " of a file, " : " of a partition, ",
      absl::StrFormat("%.4g", share), " %; the limit is ", absl::StrFormat("%.4g", percent_), " %: ", split,
      bad_.front().position, " to ", bad_.back().position, "; ", counts[most], " of them: ", reasons_[most],
      last.is_file ? ", such as at byte " : ", such as at offset ", example->position,
      ". Correct what writes them, or raise the source's bad_record_limit in the plan and run it again: the pipeline goes "
      "on from its last checkpoint");
}

storage::v1::BadRecordWindow BadRecordWindow::State() const {
  storage::v1::BadRecordWindow state;
  state.set_num_records(num_records_);
  std::vector<uint32_t> places(reasons_.size());
  for (const Bad& bad : bad_) {
    // Nobody asks for those that the records behind them have pushed out.
    if (bad.number + size_ <= num_records_) continue;
    state.add_numbers(bad.number);
    state.add_positions(bad.position);
    if (places[bad.reason] == 0) {
      state.add_reasons(reasons_[bad.reason]);
      places[bad.reason] = static_cast<uint32_t>(state.reasons_size());
    }
    state.add_reason_indices(places[bad.reason] - 1);
  }
  return state;
}

}  // namespace millrace
