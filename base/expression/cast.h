#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "base/data_type.h"
#include "base/expression/expression.h"
#include "base/expression/function.h"

namespace millrace {

// `operand` as a value of `to`. Modes:
//   CAST_MODE_EXACT  exact, or the row fails, TIMESTAMP to fewer digits included
//   CAST_MODE_SQL    what Flink's CAST does
//   CAST_MODE_TRY    the same, with NULL for a value for which that fails
// `zone`: as Cast.zone.
absl::StatusOr<ExpressionPtr> BindCast(ExpressionPtr operand, const DataType& to,
                                       v1::CastMode mode = v1::CAST_MODE_EXACT, std::string_view zone = "");

// The kernel of CAST_MODE_SQL, of one argument.
absl::StatusOr<Kernel> CastKernel(const DataType& from, const DataType& to, absl::TimeZone zone);

// A constant of the plan's Call.zone or Cast.zone; "" is UTC. Fails with InvalidArgument for a name that is not known.
absl::StatusOr<absl::TimeZone> LoadZone(std::string_view zone);

}  // namespace millrace
