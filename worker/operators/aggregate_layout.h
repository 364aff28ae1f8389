#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"
#include "millrace/v1/plan.pb.h"
#include "worker/operators/byte_arena.h"

namespace millrace {

// The aggregate functions and their exact meaning. Rows whose argument is NULL are ignored; without any other row the
// result is NULL, but for COUNT. Results do not depend on the order of rows, floating sums excepted (1e-9).
//
//   function  argument                    result             rule
//   COUNT     none, or any                BIGINT NOT NULL    rows, or rows whose argument is not NULL
//   SUM       TINYINT … BIGINT            same type          wraps around in the result's width, as Java's + does
//   SUM       FLOAT, DOUBLE               same type          added as DOUBLE, rounded once to the result's type
//   SUM       DECIMAL(p, s)               DECIMAL(38, s)     added exactly in 192 bits; NULL if it has over 38 digits
//   AVG       TINYINT … BIGINT            same type          BIGINT sum (wraps) divided by the count, fraction cut off
//   AVG       FLOAT, DOUBLE               same type          DOUBLE sum divided by the count
//   AVG       DECIMAL(p, s)               DECIMAL(38, max(6, s))  exact sum divided by the count, half rounds away from
//                                                            zero; NULL if the quotient has over 38 digits
//   MIN, MAX  any number, BOOLEAN, CHAR … STRING, BINARY … BYTES, DATE, TIME, TIMESTAMP, TIMESTAMP_LTZ
//                                         same type          FALSE < TRUE; strings by unsigned bytes; floating numbers
//                                                            as Java's Double.compare: −0.0 < 0.0, NaN is the largest
//                                                            and equals itself
//   STDDEV_POP, STDDEV_SAMP, VAR_POP, VAR_SAMP
//             FLOAT, DOUBLE               same type          computed as DOUBLE, from mean and squared distances; of a
//                                                            sample of one row NULL
//
// With a filter only rows for which it is TRUE count; with DISTINCT every value counts once, by its key bytes
// (base/key_bytes.h): −0.0 is 0.0, and every NaN the same.
//
// Where Flink's own result depends on the order of rows (MIN and MAX with NaN; a DECIMAL sum that overflows on its
// way), ours does not.
enum class AggregateFunction : uint8_t { kCount, kSum, kAvg, kMin, kMax, kStddevPop, kStddevSamp, kVarPop, kVarSamp };

// How a group remembers one function's progress, in 8-byte words. All words zero: no row yet.
//   kCount         [rows]
//   kIntSum        [sum, wrapping][rows]
//   kDoubleSum     [double][rows]
//   kDecimalSum    [low][middle][high][rows]             192-bit two's complement
//   kMoments       [mean][squared distances][rows]       doubles
//   kExtremeInt    [value][present]                      floating numbers as integers of the same order
//   kExtremeInt128 [low][high][present]
//   kExtremeBytes  [address][length][capacity][present]
enum class CellKind : uint8_t { kCount, kIntSum, kDoubleSum, kDecimalSum, kMoments, kExtremeInt, kExtremeInt128, kExtremeBytes };

struct AggregateCell {
  AggregateFunction function;
  CellKind kind;
  // Input column; −1: COUNT of rows.
  int column = -1;
  // BOOLEAN input column; −1: all rows.
  int filter = -1;
  // A value counts once only, and that makes a difference.
  bool distinct = false;
  // First word within a group's row of words.
  uint32_t word = 0;
  uint32_t num_words = 0;
  // Null for COUNT of rows.
  std::shared_ptr<arrow::DataType> argument;
  std::shared_ptr<arrow::DataType> result;
};

// The words of a table's groups, row after row.
struct CellRows {
  uint64_t* words;
  size_t stride;
  ByteArena* arena;
  uint64_t* At(uint32_t group, const AggregateCell& cell) const { return words + group * stride + cell.word; }
};

// What one group remembers for a list of aggregates, and how it is updated, merged, stored and finished.
//
// Packed, as partial aggregates travel and as state is stored (little-endian):
//   ┌────────────┬──────────────────────────────────────────────────────────┐
//   │ version: 1 │ per aggregate: its words; or for kExtremeBytes           │
//   │ 1 byte     │ u32 length + 1 (0: no value), bytes                      │
//   └────────────┴──────────────────────────────────────────────────────────┘
// On disk: never change the meaning of a version.
//
// Thread:  immutable; any.
class AggregateLayout {
 public:
  // Fails with InvalidArgument on an unknown function or column, or an argument that the function does not take.
  static absl::StatusOr<AggregateLayout> Make(const google::protobuf::RepeatedPtrField<v1::Aggregate>& aggregates,
                                              const arrow::Schema& input);
  static absl::StatusOr<AggregateLayout> Make(const v1::WindowAggregate& window, const arrow::Schema& input) {
    return Make(window.aggregates(), input);
  }
  // Without any aggregate: its groups have a single word, of which it knows nothing.
  static AggregateLayout OfOneWord();

  const std::vector<AggregateCell>& cells() const { return cells_; }
  // Words per group.
  size_t stride() const { return stride_; }
  // Some words are addresses of bytes in the arena, which an update may overwrite.
  bool HoldsAddresses() const {
    return std::any_of(cells_.begin(), cells_.end(), [](const auto& cell) { return cell.kind == CellKind::kExtremeBytes; });
  }

  // Adds rows[i] of the batch to group groups[i], for every i: all aggregates but distinct ones.
  void Update(const arrow::RecordBatch& batch, std::span<const uint32_t> rows, std::span<const uint32_t> groups,
              CellRows into) const;
  // One aggregate only, whatever its filter.
  static void UpdateCell(const AggregateCell& cell, const arrow::RecordBatch& batch, std::span<const uint32_t> rows,
                         std::span<const uint32_t> groups, CellRows into);
  // Appends the packed group.
  void Pack(CellRows from, uint32_t group, std::string& out) const;
  // Adds a packed group. DataLoss if the bytes are not one; the group is then undefined.
  absl::Status Merge(std::string_view packed, uint32_t group, CellRows into) const;
  // The results of one aggregate for these groups, in this order.
  absl::StatusOr<std::shared_ptr<arrow::Array>> Finish(const AggregateCell& cell, CellRows from,
                                                       std::span<const uint32_t> groups) const;

 private:
  std::vector<AggregateCell> cells_;
  size_t stride_ = 0;
};

// The type of `function` over `argument` (null: COUNT of rows); InvalidArgument says what it takes.
absl::StatusOr<std::shared_ptr<arrow::DataType>> AggregateResultArrowType(
    std::string_view function, const std::shared_ptr<arrow::DataType>& argument);

}  // namespace millrace
