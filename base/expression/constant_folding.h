#pragma once

#include "millrace/v1/plan.pb.h"

namespace millrace {

// The expression with every part that stands on constants only replaced by its value, a literal of the part's type.
// Left as they are: columns, functions that are not deterministic, parts whose evaluation fails (they fail when, and
// only if, a row needs them), and values that no literal can spell: ARRAY, MAP, ROW and BYTES.
v1::Expression FoldConstants(const v1::Expression& expression);

}  // namespace millrace
