#include "worker/operators/failed_rows.h"

#include "arrow/api.h"
#include "base/error.h"
#include "connectors/dead_letter.h"
#include "worker/operators/row_json.h"

namespace millrace {

FailedRows::FailedRows(std::string uid) : uid_(std::move(uid)) {}
FailedRows::~FailedRows() = default;

void FailedRows::Open(const OperatorContext& context) {
  if (context.dead_letters_connected) letters_ = std::make_unique<DeadLetterBuilder>(context.pipeline, uid_);
}

absl::Status FailedRows::SetAside(const BatchPtr& rows, const RowErrors& errors, Output& out,
                                  std::vector<uint32_t>& rest) {
  const std::vector<RowErrors::Entry> failed = errors.ByRow();
  if (letters_ == nullptr) {
    return InvalidArgument("operator ", uid_, ": ", failed.front().message, "; the row is ",
                           RowJson(*rows, failed.front().row),
                           ". Correct the expression, or connect the operator's output 'dead_letter' to a sink");
  }
  size_t next = 0;
  for (int64_t row = 0; row < rows->num_rows(); ++row) {
    if (next == failed.size() || failed[next].row != row) {
      rest.push_back(static_cast<uint32_t>(row));
      continue;
    }
    const std::string value = RowJson(*rows, row);
    DeadLetter letter;
    letter.reason = "expression";
    letter.error = failed[next].message;
    letter.value = value.data();
    letter.value_size = value.size();
    letters_->Append(letter);
    ++next;
  }
  out.Emit(kDeadLetterOutput, letters_->Flush());
  return absl::OkStatus();
}

}  // namespace millrace
