#pragma once

#include "coordinator/plan/relation.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// Says which columns are event time, or the start or end of a window, where they are handed on: a column as it is; the
// functions of windows over event time; the last millisecond of a window, which its results bear as event time, for
// they come before the watermark says so.
void MarkEventTime(const v1::Expression& expression, const Relation& input, TypedColumn& column);

// Tells windows from others: TypedColumn::start_of.
std::string WindowsOf(const v1::WindowAggregate& window);

}  // namespace millrace
