#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "arrow/compute/type_fwd.h"
#include "base/expression/expression.h"
#include "base/expression/function.h"

namespace millrace {

// What makes nodes of expressions of kernels.

// Makes Arrow's functions known to this process. BindCall and BindCast see to it, so that nobody else has to.
absl::Status KnowArrowFunctions();

// Runs a kernel over the values of `args`; of constants only, it runs for one row.
ExpressionPtr MakeKernelNode(Kernel kernel, std::vector<ExpressionPtr> args, DataType type, std::string text,
                             bool deterministic = true);

// One compute function of Arrow, which cannot fail for a row.
Kernel ArrowKernel(std::string name, std::shared_ptr<arrow::compute::FunctionOptions> options = nullptr);

// The column with a value for each row.
absl::StatusOr<std::shared_ptr<arrow::Array>> Expanded(const ArgumentColumn& column, int64_t rows);

// Evaluates `expression` for some of the rows, in a batch of their own; its errors count for the rows that they are.
absl::StatusOr<std::shared_ptr<arrow::Array>> EvaluateFor(const BoundExpression& expression, Evaluation& evaluation,
                                                          const std::vector<uint32_t>& rows);

}  // namespace millrace
