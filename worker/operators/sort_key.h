#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/key_bytes.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// Bytes whose order is that of the rows under ORDER BY: by each key in turn, NULLs first or last as it says, whatever
// its direction. Values are ordered as in base/key_bytes.h: strings by their bytes, −0.0 and 0.0 alike, NaN above all.
//
//   key     := 00 | 02                    NULL, first or last
//            | 01 value                   as in base/key_bytes.h; descending: each of its bytes inverted
//
// Thread:  confined to the task's.
class SortKeyEncoder {
 public:
  // Fails: InvalidArgument: no such column, or one without an order.
  static absl::StatusOr<SortKeyEncoder> Make(const arrow::Schema& schema,
                                             const google::protobuf::RepeatedPtrField<v1::SortKey>& keys);
  // Replaces what `out` holds.
  absl::Status Encode(const arrow::RecordBatch& batch, std::vector<std::string>& out);

 private:
  struct Key {
    KeyEncoder encoder;
    bool descending = false;
    bool nulls_last = false;
    KeyRows rows;
  };
  std::vector<Key> keys_;
};

}  // namespace millrace
