#include "base/arrow_status.h"

#include "base/error.h"

namespace millrace {

absl::Status FromArrow(const arrow::Status& status) {
  switch (status.code()) {
    case arrow::StatusCode::OK:
      return absl::OkStatus();
    case arrow::StatusCode::OutOfMemory:
    case arrow::StatusCode::CapacityError:
      return ResourceExhausted(status.message());
    case arrow::StatusCode::IOError:
      return Unavailable(status.message());
    case arrow::StatusCode::Invalid:
    case arrow::StatusCode::TypeError:
      return InvalidArgument(status.message());
    default:
      return Internal(status.ToString());
  }
}

}  // namespace millrace
