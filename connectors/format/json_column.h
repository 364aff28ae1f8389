#pragma once

#include <bit>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"
#include "connectors/format/json_index.h"
#include "connectors/format/json_scalar.h"

namespace millrace {

// One converted value, or the head of a nested one, whose parts follow it.
struct JsonCell {
  // Of a string.
  std::string_view text() const { return {std::bit_cast<const char*>(low), static_cast<size_t>(high)}; }

  bool is_null = false;
  // Numbers: the bits. Strings: the address. Lists and maps: the number of entries.
  int64_t low = 0;
  // Decimals: the upper half. Strings: the size.
  int64_t high = 0;
};

// A row between conversion and append: a bad field is found before any builder is touched, so that a row is appended
// whole or not.
struct JsonRow {
  void Clear();
  std::vector<JsonCell> cells;
  // Strings that had to be rewritten; cells point into them.
  std::deque<std::string> texts;
  // Why conversion failed: with the value, and without; and where inside the column.
  std::string error;
  const char* why = "";
  std::string path;
};

// Finds the column of a key. Records of a topic mostly have their keys in one order, so the key that stood at this
// place last time is compared first.
class JsonFieldMatcher {
 public:
  static constexpr int kUnused = -1;
  explicit JsonFieldMatcher(const std::vector<std::string>& names);
  int Match(size_t place, std::string_view escaped_key, bool may_have_escapes);

 private:
  struct Seen {
    std::string key;
    int column = kUnused;
  };
  int Lookup(std::string_view key) const;

  absl::flat_hash_map<std::string, int> columns_;
  std::vector<Seen> seen_;
};

// Converts the JSON values of one column, or of one part of a nested column, and appends them to a builder that it
// borrows.
class JsonColumn {
 public:
  static constexpr uint32_t kMissing = 0;  // token 0 begins the record itself

  // InvalidArgument: a type that JSON cannot fill. `precision` is that of a TIME or TIMESTAMP.
  static absl::StatusOr<std::unique_ptr<JsonColumn>> Make(const arrow::Field& field, int precision, TimestampFormat format,
                                                          arrow::ArrayBuilder* builder);
  explicit JsonColumn(const arrow::Field& field);
  virtual ~JsonColumn() = default;
  const std::string& name() const { return name_; }
  const std::string& sql_type() const { return sql_type_; }
  // Adds the value at `token` to the row. False: it does not fit, row->error says why.
  bool Convert(const JsonIndex& index, uint32_t token, JsonRow* row);
  // Appends the value at `cell` and moves behind it.
  absl::Status Append(const JsonCell*& cell);

 protected:
  virtual bool ConvertValue(const JsonIndex& index, uint32_t token, JsonRow* row) = 0;
  virtual absl::Status AppendNull() = 0;
  virtual absl::Status AppendValue(const JsonCell*& cell) = 0;

 private:
  const std::string name_;
  const std::string sql_type_;
  const bool nullable_;
};

}  // namespace millrace
