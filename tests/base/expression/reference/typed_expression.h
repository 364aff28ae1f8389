#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/data_type.h"
#include "millrace/v1/plan.pb.h"
#include "tests/base/expression/reference/value.h"

namespace millrace::reference {

// An expression whose parts have their types, with every implicit conversion in its place. Types are the registry's
// business; what is done with values is not.
struct TypedExpression {
  enum class Kind { kColumn, kLiteral, kCall, kCast };
  Kind kind;
  DataType type;
  int column = -1;
  // The value of a literal.
  Value literal;
  std::string function;
  std::vector<TypedExpression> args;
  v1::CastMode mode = v1::CAST_MODE_SQL;
  std::string zone;
};

// Fails as BindExpression does.
absl::StatusOr<TypedExpression> TypedOf(const v1::Expression& expression, const arrow::Schema& input);

}  // namespace millrace::reference
