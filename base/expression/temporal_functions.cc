#include "base/expression/function_table.h"

namespace millrace {

std::vector<Function> TemporalFunctions() { return {}; }

}  // namespace millrace
