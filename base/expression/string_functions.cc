#include "arrow/compute/api.h"
#include "base/expression/function_table.h"
#include "base/expression/nodes.h"
#include "base/expression/row_kernel.h"
#include "base/expression/type_rules.h"

namespace millrace {
namespace {

KernelFactory ArrowFunction(std::string name) {
  return [name](const KernelRequest&) -> absl::StatusOr<Kernel> { return ArrowKernel(name); };
}

absl::StatusOr<Kernel> ConcatKernel(const KernelRequest& /*request*/) {
  auto options = std::make_shared<arrow::compute::JoinOptions>(arrow::compute::JoinOptions::EMIT_NULL);
  Kernel join = ArrowKernel("binary_join_element_wise", std::move(options));
  auto run = [join](const KernelInput& input) {
    std::vector<ArgumentColumn> columns(input.arguments.begin(), input.arguments.end());
    auto separator = arrow::MakeArrayFromScalar(arrow::StringScalar(""), 1);
    columns.push_back({.values = separator.ValueOrDie(), .step = 0});
    return join.run({.arguments = columns, .rows = input.rows, .errors = input.errors});
  };
  return Kernel{.run = std::move(run)};
}

}  // namespace

std::vector<Function> StringFunctions() {
  using enum ArgumentKind;
  return {
      {.name = "upper", .family = "string", .signature = "UPPER(string)", .rule = Takes({kString}, "STRING"),
       .kernel = ArrowFunction("utf8_upper")},
      {.name = "lower", .family = "string", .signature = "LOWER(string)", .rule = Takes({kString}, "STRING"),
       .kernel = ArrowFunction("utf8_lower")},
      {.name = "char_length", .aliases = {"character_length"}, .family = "string", .signature = "CHAR_LENGTH(string)",
       .rule = Takes({kString}, "INT"), .kernel = ArrowFunction("utf8_length")},
      {.name = "concat", .family = "string", .signature = "CONCAT(string, …)",
       .rule = Takes({kString}, "STRING", {.repeated = true}), .kernel = ConcatKernel},
  };
}

}  // namespace millrace
