#pragma once

#include <vector>

#include "arrow/type_fwd.h"
#include "millrace/v1/plan.pb.h"
#include "tests/base/expression/random/choices.h"

namespace millrace {

// Some expressions over the columns, of types that fit. They have parts in common, with each other and within.
std::vector<v1::Expression> RandomExpressions(const arrow::Schema& input, Choices& choices);

}  // namespace millrace
