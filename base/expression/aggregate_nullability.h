#pragma once

#include "base/data_type.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// The type of an aggregate over groups that have at least one row each, which are those of keys and of windows: without
// a filter, what has no NULL to leave out has a result. Not so a SUM of DECIMAL, which may have too many digits, and a
// sample of one. `result`: AggregateResultType of `argument`.
DataType ResultOfGroup(const v1::Aggregate& aggregate, const DataType& argument, DataType result);

}  // namespace millrace
