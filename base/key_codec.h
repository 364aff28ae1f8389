#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "arrow/array.h"
#include "arrow/builder.h"
#include "arrow/type.h"
#include "arrow/util/decimal.h"
#include "base/arrow_status.h"
#include "base/check.h"
#include "base/key_order.h"
#include "base/macros.h"

namespace millrace::key_bytes {

// How one value of each type becomes key bytes and comes back. For key_bytes.cc only.

inline constexpr char kNull = 0x00;
inline constexpr char kPresent = 0x01;
inline constexpr char kElement = 0x01;
inline constexpr char kEndOfList = 0x00;
inline constexpr char kEscapedZero = static_cast<char>(0xff);

// DataLoss.
absl::Status Malformed(std::string_view what);

// Types of the columns, or InvalidArgument for one that cannot be a key.
absl::StatusOr<std::vector<std::shared_ptr<arrow::DataType>>> KeyTypes(const arrow::Schema& schema,
                                                                       std::span<const int> columns);

// Of a row of any type, with its mark for NULL. Decode takes what it reads off `in`.
size_t SizeOf(const arrow::Array& array, int64_t row);
char* Write(const arrow::Array& array, int64_t row, char* out);
absl::Status Decode(std::string_view& in, arrow::ArrayBuilder& out);

// A codec knows one Arrow type: Size and Write of the value in a row that is not NULL, Decode of a value into a
// builder.

template <typename Type>
struct NumberCodec {
  using Array = typename arrow::TypeTraits<Type>::ArrayType;
  using Builder = typename arrow::TypeTraits<Type>::BuilderType;
  using Value = typename Type::c_type;
  static constexpr size_t kWidth = sizeof(Value);
  static size_t Size(const Array&, int64_t) { return kWidth; }
  static char* Write(const Array& array, int64_t row, char* out) {
    StoreBigEndian(Ordered<Value>(array.Value(row)), out);
    return out + kWidth;
  }
  static absl::Status Decode(std::string_view& in, Builder& out) {
    if (in.size() < kWidth) return Malformed("a number is cut off");
    Value value = FromOrdered<Value>(LoadBigEndian<BitsOf<Value>>(in.data()));
    in.remove_prefix(kWidth);
    return FromArrow(out.Append(value));
  }
};

struct BooleanCodec {
  using Array = arrow::BooleanArray;
  using Builder = arrow::BooleanBuilder;
  static constexpr size_t kWidth = 1;
  static size_t Size(const Array&, int64_t) { return kWidth; }
  static char* Write(const Array& array, int64_t row, char* out) {
    *out = array.Value(row) ? 1 : 0;
    return out + 1;
  }
  static absl::Status Decode(std::string_view& in, Builder& out) {
    if (in.empty() || (in[0] != 0 && in[0] != 1)) return Malformed("a boolean is neither 0 nor 1");
    bool value = in[0] == 1;
    in.remove_prefix(1);
    return FromArrow(out.Append(value));
  }
};

struct DecimalCodec {
  using Array = arrow::Decimal128Array;
  using Builder = arrow::Decimal128Builder;
  static constexpr size_t kWidth = 16;
  static size_t Size(const Array&, int64_t) { return kWidth; }
  static char* Write(const Array& array, int64_t row, char* out) {
    arrow::Decimal128 value(array.GetValue(row));
    StoreBigEndian(Ordered<int64_t>(value.high_bits()), out);
    StoreBigEndian(value.low_bits(), out + 8);
    return out + kWidth;
  }
  static absl::Status Decode(std::string_view& in, Builder& out) {
    if (in.size() < kWidth) return Malformed("a decimal is cut off");
    arrow::Decimal128 value(FromOrdered<int64_t>(LoadBigEndian<uint64_t>(in.data())),
                            LoadBigEndian<uint64_t>(in.data() + 8));
    in.remove_prefix(kWidth);
    return FromArrow(out.Append(value));
  }
};

template <typename Type>
struct BytesCodec {
  using Array = typename arrow::TypeTraits<Type>::ArrayType;
  using Builder = typename arrow::TypeTraits<Type>::BuilderType;
  static constexpr size_t kWidth = 0;
  static size_t Size(const Array& array, int64_t row) {
    std::string_view value = array.GetView(row);
    size_t size = value.size() + 2;
    for (const char* at = value.data(); (at = FindZero(at, value)) != nullptr; ++at) ++size;
    return size;
  }
  static char* Write(const Array& array, int64_t row, char* out) {
    std::string_view value = array.GetView(row);
    for (const char* zero; (zero = FindZero(value.data(), value)) != nullptr;) {
      size_t run = static_cast<size_t>(zero - value.data()) + 1;
      std::memcpy(out, value.data(), run);
      out[run] = kEscapedZero;
      out += run + 1;
      value.remove_prefix(run);
    }
    return WritePlain(value, out);
  }
  // For a value without zero bytes.
  static char* WritePlain(std::string_view value, char* out) {
    if (!value.empty()) std::memcpy(out, value.data(), value.size());
    out += value.size();
    out[0] = out[1] = 0;
    return out + 2;
  }
  static absl::Status Decode(std::string_view& in, Builder& out) {
    std::string unescaped;
    for (;;) {
      size_t zero = in.find('\0');
      if (zero == std::string_view::npos || zero + 1 >= in.size()) return Malformed("a string does not end");
      std::string_view run = in.substr(0, zero);
      char next = in[zero + 1];
      in.remove_prefix(zero + 2);
      if (next == 0) {
        if (unescaped.empty()) return FromArrow(out.Append(run));
        unescaped.append(run);
        return FromArrow(out.Append(unescaped));
      }
      if (next != kEscapedZero) return Malformed("a string has an unknown escape");
      unescaped.append(run).push_back('\0');
    }
  }

 private:
  static const char* FindZero(const char* from, std::string_view in) {
    size_t rest = static_cast<size_t>(in.data() + in.size() - from);
    return rest == 0 ? nullptr : static_cast<const char*>(std::memchr(from, 0, rest));
  }
};

struct ListCodec {
  using Array = arrow::ListArray;
  using Builder = arrow::ListBuilder;
  static constexpr size_t kWidth = 0;
  static size_t Size(const Array& array, int64_t row) {
    size_t size = 1;
    int64_t end = array.value_offset(row) + array.value_length(row);
    for (int64_t i = array.value_offset(row); i < end; ++i) size += 1 + SizeOf(*array.values(), i);
    return size;
  }
  static char* Write(const Array& array, int64_t row, char* out) {
    int64_t end = array.value_offset(row) + array.value_length(row);
    for (int64_t i = array.value_offset(row); i < end; ++i) {
      *out++ = kElement;
      out = key_bytes::Write(*array.values(), i, out);
    }
    *out++ = kEndOfList;
    return out;
  }
  static absl::Status Decode(std::string_view& in, Builder& out) {
    RETURN_IF_ERROR(FromArrow(out.Append()));
    for (;;) {
      if (in.empty()) return Malformed("a list does not end");
      char mark = in[0];
      in.remove_prefix(1);
      if (mark == kEndOfList) return absl::OkStatus();
      if (mark != kElement) return Malformed("a list has an unknown mark");
      RETURN_IF_ERROR(key_bytes::Decode(in, *out.value_builder()));
    }
  }
};

struct StructCodec {
  using Array = arrow::StructArray;
  using Builder = arrow::StructBuilder;
  static constexpr size_t kWidth = 0;
  static size_t Size(const Array& array, int64_t row) {
    size_t size = 0;
    for (int i = 0; i < array.num_fields(); ++i) size += SizeOf(*array.field(i), row);
    return size;
  }
  static char* Write(const Array& array, int64_t row, char* out) {
    for (int i = 0; i < array.num_fields(); ++i) out = key_bytes::Write(*array.field(i), row, out);
    return out;
  }
  static absl::Status Decode(std::string_view& in, Builder& out) {
    RETURN_IF_ERROR(FromArrow(out.Append()));
    for (int i = 0; i < out.num_fields(); ++i) RETURN_IF_ERROR(key_bytes::Decode(in, *out.field_builder(i)));
    return absl::OkStatus();
  }
};

// Calls `with` with the codec of a type that CheckType accepted.
template <typename Result, typename F>
Result WithCodec(arrow::Type::type id, F&& with) {
  switch (id) {
    case arrow::Type::BOOL:
      return with.template operator()<BooleanCodec>();
    case arrow::Type::INT8:
      return with.template operator()<NumberCodec<arrow::Int8Type>>();
    case arrow::Type::INT16:
      return with.template operator()<NumberCodec<arrow::Int16Type>>();
    case arrow::Type::INT32:
      return with.template operator()<NumberCodec<arrow::Int32Type>>();
    case arrow::Type::INT64:
      return with.template operator()<NumberCodec<arrow::Int64Type>>();
    case arrow::Type::FLOAT:
      return with.template operator()<NumberCodec<arrow::FloatType>>();
    case arrow::Type::DOUBLE:
      return with.template operator()<NumberCodec<arrow::DoubleType>>();
    case arrow::Type::DATE32:
      return with.template operator()<NumberCodec<arrow::Date32Type>>();
    case arrow::Type::TIME32:
      return with.template operator()<NumberCodec<arrow::Time32Type>>();
    case arrow::Type::TIMESTAMP:
      return with.template operator()<NumberCodec<arrow::TimestampType>>();
    case arrow::Type::DECIMAL128:
      return with.template operator()<DecimalCodec>();
    case arrow::Type::STRING:
      return with.template operator()<BytesCodec<arrow::StringType>>();
    case arrow::Type::BINARY:
      return with.template operator()<BytesCodec<arrow::BinaryType>>();
    case arrow::Type::LIST:
      return with.template operator()<ListCodec>();
    case arrow::Type::STRUCT:
      return with.template operator()<StructCodec>();
    default:
      CheckFailed("key type", "every type passes CheckType first", std::source_location::current());
  }
}

}  // namespace millrace::key_bytes
