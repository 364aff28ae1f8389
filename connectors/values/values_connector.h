#pragma once

#include <memory>

#include "connectors/registry.h"

namespace millrace {

// Source "values": rows that the plan itself holds. Option:
//   rows (required)  one JSON object a line, keys are column names, timestamps in SQL's form; no line: no row
// One split, "values/0", whose position is the number of rows that were read. Bounded.
std::unique_ptr<SourceConnector> MakeValuesConnector();

}  // namespace millrace
