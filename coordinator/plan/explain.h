#pragma once

#include <string>

#include "millrace/internal/v1/control.pb.h"

namespace millrace {

// The plan for people: stages, operators with typed columns, what state they keep, and where late and bad rows go.
// Values of options that look like secrets are masked.
std::string Explain(const internal::v1::PhysicalPlan& physical);

}  // namespace millrace
