#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "arrow/type_fwd.h"
#include "base/data_type.h"
#include "base/expression/expression.h"
#include "base/expression/function_registry.h"

namespace millrace {

// How to add a function:
//   1. Write its meaning for one row as a plain C++ function: std::string Initcap(std::string_view text).
//   2. Add an entry to the table of its family (string_functions.cc, temporal_functions.cc, …):
//        {.name = "initcap",
//         .family = "string",
//         .signature = "INITCAP(string)",
//         .rule = Takes({ArgumentKind::kString}, "STRING"),          // base/expression/type_rules.h
//         .kernel = Rows(Initcap)},                                  // base/expression/row_kernel.h
//   3. A new family: declare its table in function_table.h and name it in function_table.cc. No other file changes.
// Entries of one name are overloads: the first whose rule takes the arguments is the one.

// A column of a kernel's arguments: one value for each row, or one value for all.
struct ArgumentColumn {
  std::shared_ptr<arrow::Array> values;
  // Row i has values[i * step]: 1, or 0 for one value for all rows.
  int64_t step = 1;
};

struct KernelInput {
  std::span<const ArgumentColumn> arguments;
  // At least 1.
  int64_t rows;
  // Rows that have no result, and why ("division by zero"); what the result holds for them does not matter.
  RowErrors& errors;
  // Of functions that are not deterministic only: where time and randomness come from. Never null for them.
  const Evaluation* evaluation = nullptr;
};

// Computes a column of `rows` values of the result's type. Free of state, callable by any thread. A status is
// for what is wrong with the whole batch (out of memory), not with a row.
struct Kernel {
  std::function<absl::StatusOr<std::shared_ptr<arrow::Array>>(const KernelInput&)> run;
  // Whether it may add to `errors`.
  bool can_fail = false;
};

// What a kernel is made for.
struct KernelRequest {
  std::string_view name;
  // After conversion to what the rule says.
  std::vector<DataType> arguments;
  // The value of an argument that is a constant, else nullptr.
  std::vector<std::shared_ptr<arrow::Scalar>> constants;
  DataType result;
  absl::TimeZone zone;

  // The text of a constant string that is not NULL.
  std::optional<std::string_view> ConstantString(size_t argument) const;
};

// What a rule answers: the types to convert the arguments to, and the result's. Nothing: the arguments are not taken.
struct Resolution {
  std::vector<DataType> arguments;
  DataType result;
};
using ResolveRule = std::function<std::optional<Resolution>(std::span<const CallArgument>)>;

using KernelFactory = std::function<absl::StatusOr<Kernel>(const KernelRequest&)>;
// For functions that do not need all of their arguments for every row, such as CASE.
using NodeFactory = std::function<absl::StatusOr<ExpressionPtr>(const KernelRequest&, std::vector<ExpressionPtr>,
                                                                 std::string text)>;

// One function of SQL, declared once: everything else (plan, SQL, worker, documentation) stands on it.
struct Function {
  // The registry's name, in lower case; what the plan says.
  std::string name;
  // Other names in SQL, in lower case.
  std::vector<std::string> aliases = {};
  // Heading in the documentation: "string".
  std::string family;
  // What is taken, for messages and the documentation: "SUBSTRING(string FROM integer [FOR integer])".
  std::string signature;
  std::string description = "";
  // When the result is NULL.
  std::string null_rule = "NULL if an argument is";
  // How it differs from Flink's; "": it does not.
  std::string difference = "";
  ResolveRule rule;
  // One of the two.
  KernelFactory kernel = nullptr;
  NodeFactory node = nullptr;
  // The same arguments give the same result. Others are never folded, nor shared. An overload that is not takes either
  // no arguments or always some.
  bool deterministic = true;
  // Depends on the session's time zone (Call.zone).
  bool zoned = false;
};

}  // namespace millrace
