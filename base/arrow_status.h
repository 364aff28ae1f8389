#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "arrow/result.h"
#include "arrow/status.h"

namespace millrace {

// The one place where Arrow's errors become ours. OutOfMemory is ResourceExhausted, IOError Unavailable, Invalid and
// TypeError InvalidArgument, the rest Internal.
absl::Status FromArrow(const arrow::Status& status);

template <typename T>
absl::StatusOr<T> FromArrow(arrow::Result<T> result) {
  if (!result.ok()) return FromArrow(result.status());
  return std::move(result).ValueUnsafe();
}

}  // namespace millrace
