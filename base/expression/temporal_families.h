#pragma once

#include <vector>

#include "base/expression/function.h"

namespace millrace {

// What the files of the temporal family share; temporal_functions.cc puts them together.
std::vector<Function> TemporalPartFunctions();      // EXTRACT, YEAR …, FLOOR, CEIL
std::vector<Function> TemporalIntervalFunctions();  // + and − with intervals, TIMESTAMPADD, TIMESTAMPDIFF
std::vector<Function> TemporalTextFunctions();      // DATE_FORMAT, TO_TIMESTAMP …
std::vector<Function> TemporalWindowFunctions();    // WINDOW_START …
std::vector<Function> TemporalNowFunctions();       // CURRENT_TIMESTAMP …

}  // namespace millrace
