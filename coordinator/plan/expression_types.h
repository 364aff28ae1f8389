#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "base/data_type.h"
#include "coordinator/plan/diagnostics.h"
#include "coordinator/plan/relation.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// The type of an expression over a relation. Nothing: it has none, and diagnostics under `field` say why.
std::optional<DataType> TypeOfExpression(const v1::Expression& expression, const Relation& input, const std::string& field,
                                         Diagnostics& diagnostics);

// Whether the text is a value of the type; the message says how one is written.
absl::Status CheckLiteral(const DataType& type, const std::string& value);

}  // namespace millrace
