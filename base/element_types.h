#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "base/data_type.h"

namespace millrace {

// What an ARRAY, MAP or ROW consists of: its element, key and value, or fields, as they are spelled. Arrow's types do
// not keep the digits of a timestamp or the length of a text in there. Empty for other types. Fails with
// InvalidArgument if the type's spelling is none that ParseDataType reads.
absl::StatusOr<std::vector<DataType>> ElementTypesOf(const DataType& type);

}  // namespace millrace
