#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "arrow/type_fwd.h"
#include "base/data_type.h"
#include "tests/base/expression/reference/whole.h"

namespace millrace::reference {

// One value of SQL; its type says how it is meant:
//   nothing       NULL
//   bool          BOOLEAN
//   int64_t       integers; DATE in days, TIME in ms, TIMESTAMP and TIMESTAMP_LTZ in µs since 1970; months,
//   milliseconds Whole         DECIMAL, without its point double        FLOAT and DOUBLE std::string   strings in
//   UTF-8, bytes std::vector   elements of ARRAY, fields of ROW, key after item of MAP
struct Value {
  std::variant<std::monostate, bool, int64_t, Whole, double, std::string, std::vector<Value>> is;

  Value() = default;
  template <typename T>
  Value(T value) : is(std::move(value)) {}            // NOLINT: what is in it is a value
  Value(int32_t value) : is(int64_t{value}) {}        // NOLINT
  Value(const char* text) : is(std::string(text)) {}  // NOLINT

  bool null() const { return is.index() == 0; }
  bool boolean() const { return std::get<bool>(is); }
  int64_t number() const { return std::get<int64_t>(is); }
  const Whole& decimal() const { return std::get<Whole>(is); }
  double real() const { return std::get<double>(is); }
  const std::string& text() const { return std::get<std::string>(is); }
  const std::vector<Value>& items() const { return std::get<std::vector<Value>>(is); }

  // The same to the bit, but that there is one NaN.
  bool operator==(const Value& other) const;
  std::string Show() const;
};

// What an expression gives for a row.
struct Result {
  enum class Kind {
    kValue,
    // The row fails.
    kFails,
    // Not known here: the reference says where it has no opinion, and nothing is compared.
    kUnknown,
  };
  Kind kind = Kind::kValue;
  Value value;

  Result(Value of) : value(std::move(of)) {}  // NOLINT: a value is a result
  template <typename T>
    requires(!std::is_same_v<T, Result>) && (!std::is_same_v<T, Value>) && std::is_constructible_v<Value, T>
  Result(T of) : value(std::move(of)) {}  // NOLINT
  explicit Result(Kind of) : kind(of) {}
  bool ok() const { return kind == Kind::kValue; }
};
inline Result Fails() { return Result(Result::Kind::kFails); }
inline Result Unknown() { return Result(Result::Kind::kUnknown); }
inline Value Null() { return {}; }

// Row `row` of an array.
Value ValueAt(const arrow::Array& values, int64_t row);

}  // namespace millrace::reference
