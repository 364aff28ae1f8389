#pragma once

#include <vector>

#include "arrow/type_fwd.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// What planners ask of a condition before they take it apart and move its parts to where other rows come by.

// The parts of "a AND b AND …", however nested, in order; of anything else itself. Borrowed from it.
std::vector<const v1::Expression*> ConjunctsOf(const v1::Expression& condition);
// The other way round. `conjuncts`: at least one.
v1::Expression AllOf(std::vector<v1::Expression> conjuncts);

// Whether some row could have no result: also where that cannot be told, for the expression does not bind.
bool MayFail(const v1::Expression& expression, const arrow::Schema& input);

}  // namespace millrace
