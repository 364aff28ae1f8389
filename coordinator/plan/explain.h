#pragma once

#include <string>

#include "millrace/internal/v1/control.pb.h"

namespace millrace {

// The plan for people: stages and, for each operator, what it does and what was pushed into it, where late and bad rows
// go, its state and until when it is kept, its parallelism, kinds of rows (changelog mode) and typed columns.
// Values of options that look like secrets are masked.
std::string Explain(const internal::v1::PhysicalPlan& physical);

}  // namespace millrace
