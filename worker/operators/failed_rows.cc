#include "worker/operators/failed_rows.h"

#include <algorithm>
#include <utility>

#include "arrow/api.h"
#include "base/error.h"
#include "base/macros.h"
#include "connectors/dead_letter.h"
#include "worker/operators/row_json.h"

namespace millrace {

std::vector<FailedRow> FailedRowsOf(std::span<const RowErrors> errors) {
  std::vector<FailedRow> failed;
  for (size_t i = 0; i < errors.size(); ++i) {
    for (RowErrors::Entry& entry : errors[i].ByRow()) {
      failed.push_back({static_cast<uint32_t>(entry.row), i, std::move(entry.message)});
    }
  }
  auto in_order = [](const FailedRow& a, const FailedRow& b) {
    return std::pair(a.row, a.expression) < std::pair(b.row, b.expression);
  };
  std::sort(failed.begin(), failed.end(), in_order);
  auto same_row = [](const FailedRow& a, const FailedRow& b) { return a.row == b.row; };
  failed.erase(std::unique(failed.begin(), failed.end(), same_row), failed.end());
  return failed;
}

std::vector<uint32_t> RestOf(int64_t num_rows, const std::vector<FailedRow>& failed) {
  std::vector<uint32_t> rest;
  rest.reserve(static_cast<size_t>(num_rows) - failed.size());
  auto next = failed.begin();
  for (uint32_t row = 0; row < num_rows; ++row) {
    if (next != failed.end() && next->row == row) {
      ++next;
    } else {
      rest.push_back(row);
    }
  }
  return rest;
}

FailedRows::FailedRows(std::string uid, std::vector<std::string> columns)
    : uid_(std::move(uid)), columns_(std::move(columns)) {}
FailedRows::~FailedRows() = default;

void FailedRows::Open(const std::string& pipeline, bool dead_letters_connected) {
  if (dead_letters_connected) letters_ = std::make_unique<DeadLetterBuilder>(pipeline, uid_);
}

absl::Status FailedRows::SetAside(const BatchPtr& rows, std::span<const RowErrors> errors, Output& out,
                                  std::vector<uint32_t>& rest) {
  const std::vector<FailedRow> failed = FailedRowsOf(errors);
  std::vector<uint32_t> numbers;
  for (const FailedRow& row : failed) numbers.push_back(row.row);
  ASSIGN_OR_RETURN(BatchPtr letters, LettersOf(*rows, failed, out.PlacesOf(numbers)));
  rest = RestOf(rows->num_rows(), failed);
  out.EmitFrom(kDeadLetterOutput, std::move(letters), &numbers);
  return absl::OkStatus();
}

std::string FailedRows::ErrorOf(const FailedRow& failed) const {
  return columns_.empty() ? failed.error : Cat("column \"", columns_[failed.expression], "\": ", failed.error);
}

absl::StatusOr<BatchPtr> FailedRows::LettersOf(const arrow::RecordBatch& rows, const std::vector<FailedRow>& failed,
                                               const std::vector<RecordPlace>& places) {
  if (letters_ == nullptr) {
    const FailedRow& first = failed.front();
    return InvalidArgument(
        ErrorOf(first), "; the row is ", RowJson(rows, first.row), ", ",
        places.empty() ? "which operators before it made, so that no record can be named" : "read from ",
        places.empty() ? "" : places.front().Text(),
        ". Correct the expression, or set such rows aside: in SQL with 'decode.on-error' = 'dead-letter' of the table that "
        "is read, in a plan by connecting output 'dead_letter' of '", uid_, "' to a sink");
  }
  for (size_t i = 0; i < failed.size(); ++i) {
    const std::string error = ErrorOf(failed[i]);
    const std::string value = RowJson(rows, failed[i].row);
    DeadLetter letter;
    letter.reason = "expression";
    letter.error = error;
    if (!places.empty()) {
      letter.topic = places[i].topic;
      letter.partition = places[i].partition;
      letter.offset = places[i].offset;
    }
    letter.value = value.data();
    letter.value_size = value.size();
    letters_->Append(letter);
  }
  return letters_->Flush();
}

}  // namespace millrace
