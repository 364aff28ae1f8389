#include "base/expression/function_table.h"

namespace millrace {

std::vector<Function> CollectionFunctions() { return {}; }

}  // namespace millrace
