#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// The select list of a statement of tests/oracle/flink, as expressions of the plan: enough SQL for calls, LIKE and
// SIMILAR TO, + − ||, literals, intervals, and the functions with words for commas. Fails with InvalidArgument: the
// rest of SQL, which the planner's tests cover.
absl::StatusOr<std::vector<v1::Expression>> SelectList(std::string_view sql, std::string_view zone);

}  // namespace millrace
