#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "base/data_type.h"
#include "base/expression/function.h"

namespace millrace {

// Whether values of the two types are compared: they are of one family, or one is a string and the other a date, a time
// or a timestamp, which the string is converted to first. `ordered`: by < too, which ARRAY, MAP and ROW have not.
bool AreComparable(const DataType& a, const DataType& b, bool ordered);

// The types to convert the two to before ComparisonKernel, which brings numbers to a common type by itself, exactly.
std::pair<DataType, DataType> ComparedTypes(const DataType& a, const DataType& b);

// The type in which the comparison of that name compares two numbers.
std::shared_ptr<arrow::DataType> ComparedNumber(std::string_view name, const DataType& a, const DataType& b);
// The type in which `equal` compares values of the two.
std::shared_ptr<arrow::DataType> EqualityType(const DataType& a, const DataType& b);
// The values in the type that they are compared in.
absl::StatusOr<ArgumentColumn> WidenedTo(const std::shared_ptr<arrow::DataType>& type, const ArgumentColumn& column);

// equal, not_equal, less, less_equal, greater, greater_equal: BOOLEAN, NULL if one is.
Kernel ComparisonKernel(std::string_view name, const DataType& a, const DataType& b);

}  // namespace millrace
