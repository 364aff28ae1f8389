#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"

namespace millrace {

// Distinct constants of one type, to look up many values at once. Values are equal as `=` has it: −0.0 is 0.0, and NaN
// equals nothing.
//
// Thread:  immutable; any.
class ConstantSet {
 public:
  virtual ~ConstantSet() = default;
  // Sets found[i] to 1 if value i is one of them; leaves the others. What it says of a NULL means nothing. `values` are
  // of the constants' type.
  virtual void Find(const arrow::Array& values, std::vector<uint8_t>& found) const = 0;
};

// Whether there are sets of the type: not of INTERVAL YEAR TO MONTH, ARRAY, MAP, ROW.
bool HasConstantSet(const arrow::DataType& type);
// Of the values that are not NULL; of a type that has sets.
std::unique_ptr<const ConstantSet> MakeConstantSet(const arrow::Array& constants);

}  // namespace millrace
