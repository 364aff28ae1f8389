#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/compute/type_fwd.h"
#include "base/expression/expression.h"

namespace millrace {

// What the files of expression*.cc share.

// A function that is one kernel of Arrow.
ExpressionPtr MakeKernelCall(std::string kernel, std::vector<ExpressionPtr> args, DataType type, std::string text,
                             std::unique_ptr<arrow::compute::FunctionOptions> options = nullptr);
// A number brought to a common type; rounds where Java's promotion does (BIGINT to DOUBLE). The same node if it is of
// that type.
ExpressionPtr WidenNumber(ExpressionPtr operand, const std::shared_ptr<arrow::DataType>& to);
// The DECIMAL that holds all values of an integer type; a DECIMAL itself.
std::shared_ptr<arrow::DataType> DecimalOf(const std::shared_ptr<arrow::DataType>& type);
// plus, minus, times, divide, modulo of two numbers, with `type` as the result.
absl::StatusOr<ExpressionPtr> BindArithmetic(std::string_view function, std::vector<ExpressionPtr> args, DataType type,
                                             std::string text);

}  // namespace millrace
