#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"

namespace millrace {

// Key bytes: what is hashed to a key group and what follows [key group][table][slice] in a state key. Frozen, with a
// golden test: another encoding would send restored rows to other subtasks. Comparing bytes compares rows, column by
// column, NULL first.
//
//   key     := column column …            nothing between, nothing around; no columns: no bytes
//   column  := 00                         NULL
//            | 01 value                   for a NOT NULL column too: its nullability may change, its keys may not
//   value   := BOOLEAN                    00 | 01
//            | intN, date32,              N/8 bytes, big-endian, sign bit flipped
//              time32[ms], timestamp[us]
//            | decimal128                 16 bytes, big-endian, sign bit flipped; the scale is the column's
//            | FLOAT, DOUBLE              IEEE bits, big-endian: sign bit flipped if clear, else all bits flipped.
//                                         −0.0 counts as 0.0; every NaN as 7fc00000 or 7ff8000000000000, which is last
//            | utf8, binary               the bytes, each 00 as 00 ff, then 00 00
//            | list                       (01 column)… 00
//            | struct                     column column …
//
// Each value ends itself, so that no key is a proper prefix of another of the same columns. Maps have no order:
// refused.

// Key bytes of the rows of a batch, back to back. Reuse one object: its buffers keep their size.
struct KeyRows {
  std::string bytes;
  // One more than rows.
  std::vector<uint32_t> offsets;

  size_t num_rows() const { return offsets.empty() ? 0 : offsets.size() - 1; }
  std::string_view operator[](size_t row) const {
    return std::string_view(bytes).substr(offsets[row], offsets[row + 1] - offsets[row]);
  }
};

// Writes the key bytes of whole batches, a column at a time, without a heap allocation per row.
//
// Thread:  any; immutable.
// Fails:   InvalidArgument: a type that cannot be a key; a batch of another schema. ResourceExhausted: keys above 4
//          GiB.
class KeyEncoder {
 public:
  // `columns` are indices into the schema, in key order; none at all gives every row the empty key.
  static absl::StatusOr<KeyEncoder> Make(const arrow::Schema& schema, std::span<const int> columns);
  // Replaces what `out` holds.
  absl::Status Encode(const arrow::RecordBatch& batch, KeyRows& out) const;

 private:
  KeyEncoder() = default;
  std::vector<int> columns_;
  std::vector<std::shared_ptr<arrow::DataType>> types_;
};

// Turns key bytes back into columns: the keys of windows that fire are known by their bytes alone.
//
// Thread:  one at a time.
// Fails:   DataLoss: not bytes that KeyEncoder wrote for these columns. The decoder is of no use after a failure.
class KeyDecoder {
 public:
  static absl::StatusOr<KeyDecoder> Make(const arrow::Schema& schema, std::span<const int> columns);
  KeyDecoder(KeyDecoder&&) noexcept;
  KeyDecoder& operator=(KeyDecoder&&) noexcept;
  ~KeyDecoder();

  // Adds one row.
  absl::Status Append(std::string_view key);
  // The rows since the last Finish, one array per key column, in key order.
  absl::StatusOr<std::vector<std::shared_ptr<arrow::Array>>> Finish();

 private:
  KeyDecoder() = default;
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders_;
};

}  // namespace millrace
