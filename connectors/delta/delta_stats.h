#pragma once

#include <string>
#include <string_view>

#include "arrow/type_fwd.h"

namespace millrace {

// Statistics of a data file, as the JSON of `add.stats`: numRecords, minValues, maxValues, nullCount, tightBounds.
// The first 32 leaf columns are covered, a list or map being one leaf. Bounds are given for numbers, dates, timestamps
// and strings; none if all values are null or one is NaN or infinite.
std::string DeltaStats(const arrow::Table& rows);

// A lower bound of at most 32 characters: a prefix.
std::string_view DeltaStringLowerBound(std::string_view utf8);
// An upper bound: a prefix and a character that sorts after the one dropped. Empty: there is no short one.
std::string DeltaStringUpperBound(std::string_view utf8);

}  // namespace millrace
