#include <iterator>

#include "base/expression/function_table.h"
#include "base/expression/temporal_families.h"

namespace millrace {

std::vector<Function> TemporalFunctions() {
  std::vector<Function> all;
  for (auto part : {TemporalPartFunctions, TemporalIntervalFunctions, TemporalTextFunctions, TemporalWindowFunctions,
                    TemporalNowFunctions}) {
    std::vector<Function> functions = part();
    std::move(functions.begin(), functions.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace millrace
