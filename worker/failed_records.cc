#include "worker/failed_records.h"

#include <algorithm>
#include <map>
#include <utility>

#include "arrow/api.h"
#include "base/arrow_status.h"
#include "base/error.h"
#include "base/expression/take_rows.h"
#include "base/macros.h"
#include "worker/row_origins.h"

namespace millrace {
namespace {

// The runs, and positions, of the rows that are left.
void KeepRuns(const std::vector<FailedRow>& failed, SourceBatch& batch) {
  std::vector<SplitRun> runs;
  std::vector<int64_t> positions;
  const bool are_told = !batch.positions.empty();
  auto next = failed.begin();
  uint32_t row = 0;
  for (const SplitRun& run : batch.runs) {
    for (int64_t i = 0; i < run.num_rows; ++i, ++row) {
      if (next != failed.end() && next->row == row) {
        ++next;
      } else if (!are_told) {
        AddToRuns(run.split, run.first_position + i, runs);
      } else {
        positions.push_back(batch.positions[row]);
        if (runs.empty() || runs.back().split != run.split) {
          runs.push_back({.split = run.split, .first_position = positions.back()});
        }
        ++runs.back().num_rows;
      }
    }
  }
  batch.runs = std::move(runs);
  batch.positions = std::move(positions);
}

}  // namespace

FailedRecords::FailedRecords(std::shared_ptr<const ComputedColumns> columns, const std::string& pipeline,
                             const std::string& uid, bool dead_letters_connected)
    : columns_(std::move(columns)), failed_rows_(uid, columns_->names()) {
  failed_rows_.Open(pipeline, dead_letters_connected);
}

absl::Status FailedRecords::TakeOut(std::span<const RowErrors> errors, BatchPtr computed,
                                    std::span<const SplitProgress> splits, SourceBatch& batch) {
  const std::vector<FailedRow> failed = FailedRowsOf(errors);
  std::vector<uint32_t> numbers;
  for (const FailedRow& row : failed) numbers.push_back(row.row);
  const std::vector<RecordPlace> places = RowOrigins(batch, splits).PlacesOf(std::move(numbers));
  ASSIGN_OR_RETURN(BatchPtr letters, failed_rows_.LettersOf(*batch.rows, failed, places));
  TellBadRecords(failed, places, batch);
  KeepRuns(failed, batch);
  ASSIGN_OR_RETURN(batch.rows, TakeRows(computed, RestOf(computed->num_rows(), failed)));
  if (batch.dead_letters != nullptr) {
    ASSIGN_OR_RETURN(letters, FromArrow(arrow::ConcatenateRecordBatches({batch.dead_letters, letters})));
  }
  batch.dead_letters = std::move(letters);
  return absl::OkStatus();
}

void FailedRecords::TellBadRecords(const std::vector<FailedRow>& failed, const std::vector<RecordPlace>& places,
                                   SourceBatch& batch) const {
  // What could not be decoded, by split, in the order of positions.
  std::map<int, std::vector<int64_t>> undecoded;
  for (const BadRecord& bad : batch.bad_records) undecoded[bad.split].push_back(bad.position);
  std::map<int, int64_t> num_rows;
  size_t next = 0;
  uint32_t row = 0;
  for (const SplitRun& run : batch.runs) {
    const uint32_t end = row + static_cast<uint32_t>(run.num_rows);
    for (; next < failed.size() && failed[next].row < end; ++next) {
      const std::vector<int64_t>& others = undecoded[run.split];
      const int64_t position = places[next].offset;
      const auto num_others = std::lower_bound(others.begin(), others.end(), position) - others.begin();
      const size_t column = failed[next].expression;
      batch.bad_records.push_back({.split = run.split,
                                   .num_before = num_rows[run.split] + (failed[next].row - row) + num_others,
                                   .position = position,
                                   .reason = Cat("column '", columns_->names()[column], "' has no value: ", columns_->text(column))});
    }
    num_rows[run.split] += run.num_rows;
    row = end;
  }
  std::sort(batch.bad_records.begin(), batch.bad_records.end(), [](const BadRecord& a, const BadRecord& b) {
    return std::pair(a.split, a.num_before) < std::pair(b.split, b.num_before);
  });
}

}  // namespace millrace
