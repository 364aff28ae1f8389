#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/expression/row_errors.h"
#include "worker/operator.h"

namespace millrace {

class DeadLetterBuilder;

// The output beside the main one of operators that evaluate expressions: dead letters of reason "expression".
inline constexpr uint32_t kDeadLetterOutput = 1;

// A row for which an expression has no result.
struct FailedRow {
  uint32_t row = 0;
  size_t expression = 0;
  std::string error;
};
// One for each row, the first error that was found, in the order of rows. `errors`: by expression.
std::vector<FailedRow> FailedRowsOf(std::span<const RowErrors> errors);
// The numbers of the others.
std::vector<uint32_t> RestOf(int64_t num_rows, const std::vector<FailedRow>& failed);

// What becomes of rows for which an expression has no result: dead letters, if somebody reads them; else the pipeline
// ends for good, for they would fail again.
//
// Thread:  task thread, after Open.
// Fails:   InvalidArgument, without saying whose: nobody reads dead letters. It names the first row, the expression and
//          the record that the row came from, if it is known.
class FailedRows {
 public:
  // `columns`: what the expressions compute, by expression. Empty: none.
  explicit FailedRows(std::string uid, std::vector<std::string> columns = {});
  ~FailedRows();
  void Open(const std::string& pipeline, bool dead_letters_connected);

  // Hands out a letter for each row that failed, and sets `rest` to the numbers of the others.
  absl::Status SetAside(const BatchPtr& rows, std::span<const RowErrors> errors, Output& out, std::vector<uint32_t>& rest);
  // A letter for each row that failed, whose value is the row as JSON. `places`: of the failed rows; empty: it is not
  // known.
  absl::StatusOr<BatchPtr> LettersOf(const arrow::RecordBatch& rows, const std::vector<FailedRow>& failed,
                                     const std::vector<RecordPlace>& places);

 private:
  std::string ErrorOf(const FailedRow& failed) const;

  const std::string uid_;
  const std::vector<std::string> columns_;
  std::unique_ptr<DeadLetterBuilder> letters_;  // null: nobody reads them
};

}  // namespace millrace
