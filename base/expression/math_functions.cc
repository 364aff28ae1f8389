#include "base/expression/function_table.h"

namespace millrace {

std::vector<Function> MathFunctions() { return {}; }

}  // namespace millrace
