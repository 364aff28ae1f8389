#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"
#include "connectors/format/json_column.h"
#include "millrace/internal/v1/record_filter.pb.h"

namespace millrace {

// Decides on a converted record, before anything of it is appended: millrace/internal/v1/record_filter.proto.
//
// Thread: immutable; any.
class JsonRecordFilter {
 public:
  // `records`: the decoder's columns. InvalidArgument: the filter does not fit them.
  static absl::StatusOr<JsonRecordFilter> Make(const internal::v1::RecordFilter& filter, const arrow::Schema& records);
  // Whether it is TRUE. `first_cells`: of each column, the number of its first cell.
  bool Keeps(const std::vector<JsonCell>& cells, const std::vector<uint32_t>& first_cells) const {
    return Decide(root_, cells, first_cells) == Truth::kTrue;
  }

 private:
  enum class Truth : uint8_t { kFalse, kTrue, kNull };
  // How the two sides are compared.
  enum class Values : uint8_t { kNone, kInteger, kExact, kReal, kText };
  struct Condition {
    internal::v1::RecordFilter::Kind kind = internal::v1::RecordFilter::AND;
    std::vector<Condition> parts;
    size_t column = 0;
    Values values = Values::kNone;
    bool is_integer = false;  // the column's upper half is not there
    __int128 factor = 1;
    __int128 exact = 0;  // of kInteger it has 64 bits
    double real = 0;
    std::string text;
  };

  explicit JsonRecordFilter(Condition root) : root_(std::move(root)) {}
  static absl::StatusOr<Condition> Compile(const internal::v1::RecordFilter& filter, const arrow::Schema& records,
                                           int depth);
  static absl::Status SetConstant(const internal::v1::RecordFilter& filter, const arrow::DataType& type,
                                  Condition& condition);
  static Truth Decide(const Condition& condition, const std::vector<JsonCell>& cells,
                      const std::vector<uint32_t>& first_cells);
  static bool Compare(const Condition& condition, const JsonCell& cell);

  Condition root_;
};

}  // namespace millrace
