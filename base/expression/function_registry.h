#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/data_type.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// What functions take and return, as in Flink SQL: docs/sql_functions.md lists them. The one table behind it is in
// base/expression/function_table.h; how to add a function says base/expression/function.h.

// An argument of a call that is being resolved.
struct CallArgument {
  DataType type;
  // Set if the argument is a constant. Borrowed.
  const v1::Literal* literal = nullptr;
};

// A call as the plan spells it.
struct ResolvedCall {
  // The registry's name: SUBSTR is substring.
  std::string function;
  // The type that each argument has to be converted to first, by CAST_MODE_SQL, where its own differs.
  std::vector<DataType> arguments;
  DataType result;
  // Call.zone has a meaning.
  bool zoned = false;
  // The same arguments give the same result: the call may be folded and shared.
  bool deterministic = true;
};

// What a call in SQL means: overloads, implicit conversions and result types as in Flink. `name` in any letter case, an
// alias or the registry's own name. Fails with InvalidArgument: an unknown name, with the nearest; arguments that are
// not taken with the signatures that are.
absl::StatusOr<ResolvedCall> ResolveCall(std::string_view name, std::span<const CallArgument> args);

// The result of a call as the plan spells it: the registry's own name, in its letters. A result may be NULL if an
// argument may, unless the function says otherwise; so may a DECIMAL that would need more than 38 digits. Fails as
// ResolveCall.
absl::StatusOr<DataType> ScalarResultType(std::string_view name, std::span<const CallArgument> args);
// The same where no argument is a constant.
absl::StatusOr<DataType> ScalarResultType(std::string_view name, std::span<const DataType> args);

// COUNT → BIGINT NOT NULL; SUM keeps the type, DECIMAL(p, s) → DECIMAL(38, s); AVG keeps the type, DECIMAL(p, s) →
// DECIMAL(38, max(6, s)); MIN, MAX keep the type, and so do STDDEV_POP, STDDEV_SAMP, VAR_POP and VAR_SAMP, of FLOAT and
// DOUBLE. All but COUNT may be NULL. `argument` is empty only for COUNT of rows.
absl::StatusOr<DataType> AggregateResultType(std::string_view function, const std::optional<DataType>& argument);

// The type of a cast with that mode: `to`, which may be NULL if `from` may, or if the mode or the types give NULL for
// values that do not fit. Fails if none could be converted, and if `to` says NOT NULL of an operand that may be NULL.
absl::StatusOr<DataType> CastResultType(const DataType& from, const DataType& to,
                                        v1::CastMode mode = v1::CAST_MODE_EXACT);

// Whether the expression gives the same value for the same row whenever it is evaluated: no function in it, such as
// RAND or CURRENT_TIMESTAMP, is volatile.
bool IsDeterministic(const v1::Expression& expression);
// The same of the function alone.
bool IsDeterministic(const v1::Call& call);

// Whether the type can be a key: everything but ARRAY, MAP, ROW and intervals.
bool IsKeyType(const DataType& type);

// Without repetition, in the order of the documentation.
std::vector<std::string> ScalarFunctionNames();
std::vector<std::string> AggregateFunctionNames();

}  // namespace millrace
