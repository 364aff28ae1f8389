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

// The one table of functions: what they take and what they return, as in Flink SQL. Kernels live in worker/.
//
//   function                               arguments                   result
//   equal not_equal                        two of one family           BOOLEAN
//   less less_equal greater greater_equal  two of one family           BOOLEAN
//   and or                                 two or more BOOLEAN         BOOLEAN
//   not                                    BOOLEAN                     BOOLEAN
//   is_null is_not_null                    anything                    BOOLEAN NOT NULL
//   plus minus times divide                two numbers                 the wider; DECIMAL by Flink's rules of precision
//   modulo                                 two exact numbers           of integers, the second's type; else DECIMAL
//   upper lower                            string                      STRING
//   concat                                 one or more strings         STRING
//   char_length                            string                      INT
//   coalesce                               two or more of one family   the widest; NULL only if all may be NULL
//
// Families: numbers; strings; bytes; BOOLEAN; DATE; TIME; TIMESTAMP; TIMESTAMP_LTZ. Unless the table says otherwise a
// result may be NULL if an argument may; so may a DECIMAL result that would need more than 38 digits, for a value that
// has more is NULL. Aggregates (see AggregateResultType): count, sum, min, max, avg.
//
// Fails: InvalidArgument: unknown names with the nearest one, arguments with what the function takes.
absl::StatusOr<DataType> ScalarResultType(std::string_view name, std::span<const DataType> args);

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
};

// What a call in SQL means: overloads, implicit conversions and result types as in Flink. `name` in any letter case, an
// alias or the registry's own name. Fails with InvalidArgument: an unknown name with the nearest one, arguments that are
// not taken with the signatures that are.
absl::StatusOr<ResolvedCall> ResolveCall(std::string_view name, std::span<const CallArgument> args);

// COUNT → BIGINT NOT NULL; SUM keeps the type, DECIMAL(p, s) → DECIMAL(38, s); AVG keeps the type, DECIMAL(p, s) →
// DECIMAL(38, max(6, s)); MIN, MAX keep the type. All but COUNT may be NULL. `argument` is empty only for COUNT of
// rows.
absl::StatusOr<DataType> AggregateResultType(std::string_view function, const std::optional<DataType>& argument);

// The type of CAST(from AS to): `to`, which may be NULL if `from` may. Fails if no value could be converted, and if
// `to` says NOT NULL of an operand that may be NULL.
absl::StatusOr<DataType> CastResultType(const DataType& from, const DataType& to);

// Whether the type can be a key: everything but ARRAY, MAP and ROW.
bool IsKeyType(const DataType& type);

std::vector<std::string> ScalarFunctionNames();
std::vector<std::string> AggregateFunctionNames();

}  // namespace millrace
