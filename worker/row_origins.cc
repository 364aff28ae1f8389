#include "worker/row_origins.h"

#include <algorithm>

#include "base/check.h"

namespace millrace {

std::vector<RecordPlace> RowOrigins::PlacesOf(std::vector<uint32_t> rows) const {
  const RowOrigins* at = this;
  for (; at->before_ != nullptr; at = at->before_) {
    for (uint32_t& row : rows) row = at->taken_[row];
  }
  return at->PlacesInBatch(rows);
}

std::vector<RecordPlace> RowOrigins::PlacesInBatch(const std::vector<uint32_t>& rows) const {
  std::vector<int64_t> ends;
  ends.reserve(batch_->runs.size());
  for (const SplitRun& run : batch_->runs) ends.push_back((ends.empty() ? 0 : ends.back()) + run.num_rows);
  std::vector<RecordPlace> places;
  places.reserve(rows.size());
  for (uint32_t row : rows) {
    const auto after = std::upper_bound(ends.begin(), ends.end(), static_cast<int64_t>(row));
    Check(after != ends.end(), "a source says of each of its rows which split it came from");
    const SplitRun& run = batch_->runs[static_cast<size_t>(after - ends.begin())];
    const int64_t within = row - (*after - run.num_rows);
    const int64_t position = batch_->positions.empty() ? run.first_position + within : batch_->positions[row];
    places.push_back(RecordPlace::Of(splits_[static_cast<size_t>(run.split)], position));
  }
  return places;
}

}  // namespace millrace
