#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// Readable text of all that the layout and meaning of an operator's state depend on. The planner writes it into the
// physical plan and EXPLAIN; the worker computes it again from the operator that it runs, stores it with the state, and
// refuses state of another one. Frozen: checkpoints carry it.

// `input`: the columns that arrive. InvalidArgument: a key or an argument is not among them.
absl::StatusOr<std::string> WindowStateFingerprint(const v1::WindowAggregate& window,
                                                   const google::protobuf::RepeatedPtrField<v1::Column>& input);
absl::StatusOr<std::string> GroupStateFingerprint(const v1::GroupAggregate& group,
                                                  const google::protobuf::RepeatedPtrField<v1::Column>& input);
absl::StatusOr<std::string> SortStateFingerprint(const v1::Sort& sort,
                                                 const google::protobuf::RepeatedPtrField<v1::Column>& input);

}  // namespace millrace
