#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/expression/row_errors.h"
#include "worker/operator.h"

namespace millrace {

class DeadLetterBuilder;

// The output beside the main one of operators that evaluate expressions: dead letters of reason "expression".
inline constexpr uint32_t kDeadLetterOutput = 1;

// What becomes of rows for which an expression has no result: dead letters, if somebody reads them; else the pipeline
// ends for good, for they would fail again.
//
// Thread:  task thread, after Open.
class FailedRows {
 public:
  explicit FailedRows(std::string uid);
  ~FailedRows();
  void Open(const OperatorContext& context);

  // Hands out a letter for each row that failed, whose value is the row as JSON, and sets `rest` to the numbers of the
  // others. Fails with InvalidArgument, naming the first row and the expression, if nobody reads dead letters.
  absl::Status SetAside(const BatchPtr& rows, const RowErrors& errors, Output& out, std::vector<uint32_t>& rest);

 private:
  const std::string uid_;
  std::unique_ptr<DeadLetterBuilder> letters_;  // null: nobody reads them
};

}  // namespace millrace
