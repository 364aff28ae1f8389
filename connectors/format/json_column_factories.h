#pragma once

#include <memory>

#include "connectors/format/json_column.h"

namespace millrace {

// The two families behind JsonColumn::Make.
absl::StatusOr<std::unique_ptr<JsonColumn>> MakeScalarJsonColumn(const arrow::Field& field, int precision, TimestampFormat format,
                                                                 arrow::ArrayBuilder* builder);
absl::StatusOr<std::unique_ptr<JsonColumn>> MakeNestedJsonColumn(const arrow::Field& field, TimestampFormat format,
                                                                 arrow::ArrayBuilder* builder);

}  // namespace millrace
