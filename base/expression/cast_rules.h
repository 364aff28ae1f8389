#pragma once

#include "base/data_type.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// Whether values of one type can be cast to the other in that mode.
bool CanCast(const DataType& from, const DataType& to, v1::CastMode mode);

}  // namespace millrace
