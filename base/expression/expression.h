#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "arrow/datum.h"
#include "arrow/type_fwd.h"
#include "base/data_type.h"
#include "base/expression/row_errors.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// Immutable, shared between threads, moved not copied.
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

class EvaluationContext;

// One evaluation of expressions over the rows of a batch. Confined to one thread.
struct Evaluation {
  // `outside` is borrowed. Without one, expressions that need it fail.
  explicit Evaluation(BatchPtr rows, EvaluationContext* outside = nullptr);
  // Of some rows of another evaluation, which lasts longer.
  Evaluation(BatchPtr rows, const Evaluation& of) : batch(std::move(rows)), context(of.context), now(of.now) {}
  const BatchPtr batch;
  // Rows without a result; the values that expressions give for them do not matter.
  RowErrors errors;
  // Results of subexpressions that occur more than once, by their number.
  std::vector<arrow::Datum> shared;
  // Null: there is none.
  EvaluationContext* const context;
  // The time of all of its rows.
  const absl::Time now;
};

// An expression of the plan bound to the columns of its input; evaluated over whole batches.
//
// base/expression/function_registry.h says what each function takes and returns; this is how it computes:
//   comparisons    numbers in their common type, DECIMAL exactly; NaN is unordered
//   and or case coalesce if
//                  what a row does not need is not evaluated for it, so that "b <> 0 AND a / b > 1" does not fail
//   is_null        NaN is not NULL
//   plus … modulo  integers wrap around as in Java, quotients are cut towards zero, the remainder has the dividend's
//                  sign, division by zero is an error; FLOAT and DOUBLE by IEEE; DECIMAL is exact, then rounded half
//                  away from zero to the result's scale, NULL if it has too many digits, division by zero is an error
//   cast           see base/expression/cast.h
//
// Thread:  immutable; any.
// Fails:   rows that have no result are in Evaluation::errors, with messages that quote the expression. A status is for
//          what concerns no row.
class BoundExpression {
 public:
  virtual ~BoundExpression() = default;
  // An array of the batch's length, or a scalar.
  virtual absl::StatusOr<arrow::Datum> Evaluate(Evaluation& evaluation) const = 0;
  // Whether some row could have no result.
  virtual bool CanFail() const = 0;
  // Number of the input column that this is, or −1.
  virtual int column() const { return -1; }
  // The value, if it is a literal: as the plan has it, and as a scalar.
  virtual const v1::Literal* literal() const { return nullptr; }
  virtual std::shared_ptr<arrow::Scalar> constant() const { return nullptr; }
  const DataType& data_type() const { return type_; }
  const std::shared_ptr<arrow::DataType>& type() const { return type_.arrow; }
  // For error messages.
  const std::string& text() const { return text_; }

 protected:
  BoundExpression(DataType type, std::string text) : type_(std::move(type)), text_(std::move(text)) {}

 private:
  const DataType type_;
  const std::string text_;
};
using ExpressionPtr = std::unique_ptr<BoundExpression>;

// Fails with InvalidArgument that quotes the part that is wrong.
absl::StatusOr<ExpressionPtr> BindExpression(const v1::Expression& expression, const arrow::Schema& input);
// The call of one function of base/expression/function_registry.h. `zone`: as Call.zone.
absl::StatusOr<ExpressionPtr> BindCall(std::string_view function, std::vector<ExpressionPtr> args,
                                       std::string_view zone = "");
// A constant.
absl::StatusOr<ExpressionPtr> BindLiteral(const v1::Literal& literal);

// As an array of the batch's length.
absl::StatusOr<std::shared_ptr<arrow::Array>> EvaluateArray(const BoundExpression& expression, Evaluation& evaluation);
// The same alone; fails with InvalidArgument for the first row without a result.
absl::StatusOr<std::shared_ptr<arrow::Array>> EvaluateArray(const BoundExpression& expression, const BatchPtr& batch);

}  // namespace millrace
