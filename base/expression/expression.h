#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"
#include "base/data_type.h"
#include "millrace/v1/plan.pb.h"
#include "arrow/type_fwd.h"

namespace millrace {

// Immutable, shared between threads, moved not copied.
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

// An expression of the plan bound to the columns of its input; evaluated over whole batches with Arrow's kernels.
//
// base/expression/function_registry.h says what each function takes and returns; this is how it computes:
//   comparisons    numbers in their common type, DECIMAL exactly; NaN is unordered
//   and or not     SQL's three values; a right side that can fail is evaluated only where the left one leaves the
//                  result open, so that "b <> 0 AND a / b > 1" does not fail
//   is_null        NaN is not NULL
//   plus … modulo  integers wrap around as in Java, quotients are cut towards zero, the remainder has the dividend's
//                  sign, division by zero is an error; FLOAT and DOUBLE by IEEE; DECIMAL is exact, then rounded half
//                  away from zero to the result's scale, NULL if it has too many digits, division by zero is an error
//   upper lower    by Unicode's simple mappings, whatever the locale; char_length counts code points; concat is
//                  NULL if a part is
//   cast           exact or an error, TIMESTAMP to fewer digits included
//
// Thread:  immutable; any.
// Fails:   InvalidArgument (permanent) that quotes the expression: a row that has no result. The plan is wrong for its
//          data.
class BoundExpression {
 public:
  virtual ~BoundExpression() = default;
  // An array of the batch's length, or a scalar.
  virtual absl::StatusOr<arrow::Datum> Evaluate(const BatchPtr& batch) const = 0;
  // Whether some row could make Evaluate fail.
  virtual bool CanFail() const = 0;
  // Number of the input column that this is, or −1.
  virtual int column() const { return -1; }
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
// `operand`, converted exactly or failing.
absl::StatusOr<ExpressionPtr> BindCast(ExpressionPtr operand, const DataType& to);
// The call of one function of base/expression/function_registry.h.
absl::StatusOr<ExpressionPtr> BindCall(std::string_view function, std::vector<ExpressionPtr> args);

// Evaluates to an array of the batch's length.
absl::StatusOr<std::shared_ptr<arrow::Array>> EvaluateArray(const BoundExpression& expression, const BatchPtr& batch);

}  // namespace millrace
