#pragma once

#include <optional>
#include <vector>

#include "arrow/type_fwd.h"
#include "millrace/internal/v1/record_filter.pb.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// What a decoder can decide of a filter's condition, record by record, so that it need not build rows that the filter
// drops. The filter stays: for each row for which it is TRUE, so is the answer.
//
// Of "a AND b AND …" that is every part which stands on single columns and constants alone: comparisons, IS [NOT] NULL,
// a BOOLEAN column, IN, and AND, OR and NOT of these, if they are few; BYTES and nested values are not compared. What
// can fail ends it: behind it nothing is taken, for rows that fail there must go on doing so. Nothing: no part is like
// that.
//
// `records`: the columns that are decoded, a part of `input`. Both have fields of base/data_type.h.
std::optional<internal::v1::RecordFilter> RecordFilterOf(const v1::Expression& condition, const arrow::Schema& records,
                                                         const arrow::Schema& input);

// TRUE if one of them is. `filters`: at least one.
internal::v1::RecordFilter AnyOf(std::vector<internal::v1::RecordFilter> filters);

}  // namespace millrace
