#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "base/expression/expression.h"

namespace millrace::reference {

// Rows that were compared.
struct Compared {
  int64_t known = 0;
  // Of which the reference has no opinion.
  int64_t unknown = 0;
  // That fail, of those known.
  int64_t failing = 0;
};

// Nothing: the reference gives these values of the batch's rows, and fails for the rows that failed; else what differs,
// in words. `values` are of `type`.
std::optional<std::string> FindDifference(const v1::Expression& expression, const BatchPtr& batch, const DataType& type,
                                          const arrow::Array& values, const std::set<int64_t>& failed,
                                          Compared& compared);

// The values of a row, a line for each column.
std::string ShowRow(const BatchPtr& batch, int64_t row);

}  // namespace millrace::reference
