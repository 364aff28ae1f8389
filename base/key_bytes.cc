#include "base/key_bytes.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "arrow/array.h"
#include "arrow/builder.h"
#include "arrow/record_batch.h"
#include "arrow/type.h"
#include "arrow/util/decimal.h"
#include "base/arrow_status.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {
namespace {

constexpr char kNull = 0x00;
constexpr char kPresent = 0x01;
constexpr char kElement = 0x01;
constexpr char kEndOfList = 0x00;
constexpr char kEscapedZero = static_cast<char>(0xff);

static_assert(std::endian::native == std::endian::little);

template <typename U>
U SwapBytes(U v) {
  if constexpr (sizeof(U) == 1) return v;
  if constexpr (sizeof(U) == 2) return __builtin_bswap16(v);
  if constexpr (sizeof(U) == 4) return __builtin_bswap32(v);
  if constexpr (sizeof(U) == 8) return __builtin_bswap64(v);
}
template <typename U>
void StoreBigEndian(U v, char* out) {
  v = SwapBytes(v);
  std::memcpy(out, &v, sizeof(U));
}
template <typename U>
U LoadBigEndian(const char* in) {
  U v;
  std::memcpy(&v, in, sizeof(U));
  return SwapBytes(v);
}

template <typename U>
constexpr U kSignBit = static_cast<U>(U{1} << (sizeof(U) * 8 - 1));

template <typename T>
using BitsOf = std::conditional_t<
    sizeof(T) == 1, uint8_t,
    std::conditional_t<sizeof(T) == 2, uint16_t, std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>>;

template <typename T>
BitsOf<T> Ordered(T v) {
  using U = BitsOf<T>;
  if constexpr (std::is_floating_point_v<T>) {
    if (v == 0) v = 0;  // −0.0
    if (std::isnan(v)) v = std::numeric_limits<T>::quiet_NaN();
    U bits = std::bit_cast<U>(v);
    return (bits & kSignBit<U>) ? ~bits : bits ^ kSignBit<U>;
  } else {
    return static_cast<U>(static_cast<U>(v) ^ kSignBit<U>);
  }
}
template <typename T>
T FromOrdered(BitsOf<T> ordered) {
  using U = BitsOf<T>;
  if constexpr (std::is_floating_point_v<T>) {
    return std::bit_cast<T>(static_cast<U>((ordered & kSignBit<U>) ? ordered ^ kSignBit<U> : ~ordered));
  } else {
    return static_cast<T>(static_cast<U>(ordered ^ kSignBit<U>));
  }
}

absl::Status Malformed(std::string_view what) {
  return DataLoss("decode key bytes: ", what, ". The key was written for other columns or is damaged");
}

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
      out = millrace::Write(*array.values(), i, out);
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
      RETURN_IF_ERROR(millrace::Decode(in, *out.value_builder()));
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
    for (int i = 0; i < array.num_fields(); ++i) out = millrace::Write(*array.field(i), row, out);
    return out;
  }
  static absl::Status Decode(std::string_view& in, Builder& out) {
    RETURN_IF_ERROR(FromArrow(out.Append()));
    for (int i = 0; i < out.num_fields(); ++i) RETURN_IF_ERROR(millrace::Decode(in, *out.field_builder(i)));
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

absl::Status CheckType(const arrow::DataType& type, std::string_view column) {
  auto refuse = [&](std::string_view advice) {
    return InvalidArgument("use column ", column, " as a key: its type is ", type.ToString(), ". ", advice);
  };
  switch (type.id()) {
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::DATE32:
    case arrow::Type::DECIMAL128:
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return absl::OkStatus();
    case arrow::Type::TIME32:
      if (static_cast<const arrow::Time32Type&>(type).unit() == arrow::TimeUnit::MILLI) return absl::OkStatus();
      return refuse("Times are kept in milliseconds");
    case arrow::Type::TIMESTAMP:
      if (static_cast<const arrow::TimestampType&>(type).unit() == arrow::TimeUnit::MICRO) return absl::OkStatus();
      return refuse("Timestamps are kept in microseconds");
    case arrow::Type::LIST:
    case arrow::Type::STRUCT:
      for (const auto& field : type.fields()) RETURN_IF_ERROR(CheckType(*field->type(), column));
      return absl::OkStatus();
    case arrow::Type::MAP:
      return refuse("Maps have no order; use fields of them");
    default:
      return refuse("Cast it to a type that a key may have, such as STRING or BIGINT");
  }
}

absl::StatusOr<std::vector<std::shared_ptr<arrow::DataType>>> KeyTypes(const arrow::Schema& schema,
                                                                       std::span<const int> columns) {
  std::vector<std::shared_ptr<arrow::DataType>> types;
  for (int column : columns) {
    if (column < 0 || column >= schema.num_fields()) {
      return InvalidArgument("use column number ", column, " as a key: the schema has ", schema.num_fields());
    }
    RETURN_IF_ERROR(CheckType(*schema.field(column)->type(), schema.field(column)->name()));
    types.push_back(schema.field(column)->type());
  }
  return types;
}

size_t SizeOf(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return 1;
  return WithCodec<size_t>(array.type_id(), [&]<typename Codec>() {
    return 1 + Codec::Size(static_cast<const typename Codec::Array&>(array), row);
  });
}

char* Write(const arrow::Array& array, int64_t row, char* out) {
  if (array.IsNull(row)) {
    *out = kNull;
    return out + 1;
  }
  *out++ = kPresent;
  return WithCodec<char*>(array.type_id(), [&]<typename Codec>() {
    return Codec::Write(static_cast<const typename Codec::Array&>(array), row, out);
  });
}

absl::Status Decode(std::string_view& in, arrow::ArrayBuilder& out) {
  if (in.empty()) return Malformed("columns are missing");
  char mark = in[0];
  in.remove_prefix(1);
  if (mark == kNull) return FromArrow(out.AppendNull());
  if (mark != kPresent) return Malformed("a column has an unknown mark");
  return WithCodec<absl::Status>(out.type()->id(), [&]<typename Codec>() {
    return Codec::Decode(in, static_cast<typename Codec::Builder&>(out));
  });
}

template <typename Codec>
constexpr bool kIsBytes =
    std::is_same_v<Codec, BytesCodec<arrow::StringType>> || std::is_same_v<Codec, BytesCodec<arrow::BinaryType>>;

// One search over the whole column spares one per row.
template <typename Codec>
bool NeedsNoEscape(const typename Codec::Array& array) {
  if constexpr (kIsBytes<Codec>) {
    int64_t size = array.total_values_length();
    return size == 0 || std::memchr(array.raw_data() + array.value_offset(0), 0, static_cast<size_t>(size)) == nullptr;
  } else {
    return false;
  }
}

// Adds to sizes[row] what the column takes in each row.
template <typename Codec>
void AddSizes(const typename Codec::Array& array, bool plain, uint64_t* sizes) {
  int64_t num_rows = array.length();
  if constexpr (Codec::kWidth > 0) {
    if (array.null_count() == 0) {
      for (int64_t row = 0; row < num_rows; ++row) sizes[row] += 1 + Codec::kWidth;
      return;
    }
  }
  if constexpr (kIsBytes<Codec>) {
    if (plain && array.null_count() == 0) {
      for (int64_t row = 0; row < num_rows; ++row) sizes[row] += 3 + static_cast<uint64_t>(array.value_length(row));
      return;
    }
  }
  for (int64_t row = 0; row < num_rows; ++row) sizes[row] += array.IsNull(row) ? 1 : 1 + Codec::Size(array, row);
}

// Writes the column at bytes[cursors[row]] of each row and moves the cursors behind it.
template <typename Codec>
void WriteColumn(const typename Codec::Array& array, bool plain, char* bytes, uint64_t* cursors) {
  bool has_nulls = array.null_count() != 0;
  for (int64_t row = 0; row < array.length(); ++row) {
    char* at = bytes + cursors[row];
    if (has_nulls && array.IsNull(row)) {
      *at++ = kNull;
    } else {
      *at++ = kPresent;
      if constexpr (kIsBytes<Codec>) {
        at = plain ? Codec::WritePlain(array.GetView(row), at) : Codec::Write(array, row, at);
      } else {
        at = Codec::Write(array, row, at);
      }
    }
    cursors[row] = static_cast<uint64_t>(at - bytes);
  }
}

absl::Status CheckSize(uint64_t size, int64_t num_rows) {
  if (size <= std::numeric_limits<uint32_t>::max()) return absl::OkStatus();
  return ResourceExhausted("encode keys of a batch: ", size, " bytes in ", num_rows,
                           " rows, at most 4 GiB. Send smaller batches");
}

// One BIGINT column without NULLs: every key has nine bytes.
void EncodeInt64(const arrow::Int64Array& array, KeyRows& out) {
  size_t num_rows = static_cast<size_t>(array.length());
  out.bytes.resize(num_rows * 9);
  const int64_t* values = array.raw_values();
  char* at = out.bytes.data();
  for (size_t row = 0; row < num_rows; ++row, at += 9) {
    *at = kPresent;
    StoreBigEndian(Ordered<int64_t>(values[row]), at + 1);
    out.offsets[row] = static_cast<uint32_t>(row * 9);
  }
  out.offsets[num_rows] = static_cast<uint32_t>(num_rows * 9);
}

// One STRING column without NULLs and zero bytes: a single pass of copies.
void EncodeStrings(const arrow::StringArray& array, KeyRows& out) {
  size_t num_rows = static_cast<size_t>(array.length());
  out.bytes.resize(static_cast<size_t>(array.total_values_length()) + num_rows * 3);
  char* begin = out.bytes.data();
  char* at = begin;
  for (size_t row = 0; row < num_rows; ++row) {
    out.offsets[row] = static_cast<uint32_t>(at - begin);
    *at++ = kPresent;
    at = BytesCodec<arrow::StringType>::WritePlain(array.GetView(static_cast<int64_t>(row)), at);
  }
  out.offsets[num_rows] = static_cast<uint32_t>(at - begin);
}

// Takes the batches that one of the two loops above can encode.
absl::StatusOr<bool> EncodedFast(const arrow::Array& array, KeyRows& out) {
  if (array.null_count() != 0) return false;
  if (array.type_id() == arrow::Type::INT64) {
    RETURN_IF_ERROR(CheckSize(static_cast<uint64_t>(array.length()) * 9, array.length()));
    EncodeInt64(static_cast<const arrow::Int64Array&>(array), out);
    return true;
  }
  if (array.type_id() != arrow::Type::STRING) return false;
  const auto& strings = static_cast<const arrow::StringArray&>(array);
  if (!NeedsNoEscape<BytesCodec<arrow::StringType>>(strings)) return false;
  RETURN_IF_ERROR(
      CheckSize(static_cast<uint64_t>(strings.total_values_length()) + static_cast<uint64_t>(array.length()) * 3,
                array.length()));
  EncodeStrings(strings, out);
  return true;
}

}  // namespace

absl::StatusOr<KeyEncoder> KeyEncoder::Make(const arrow::Schema& schema, std::span<const int> columns) {
  KeyEncoder encoder;
  ASSIGN_OR_RETURN(encoder.types_, KeyTypes(schema, columns));
  encoder.columns_.assign(columns.begin(), columns.end());
  return encoder;
}

absl::Status KeyEncoder::Encode(const arrow::RecordBatch& batch, KeyRows& out) const {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i] >= batch.num_columns() || !batch.schema()->field(columns_[i])->type()->Equals(*types_[i])) {
      return InvalidArgument("encode keys of a batch: column number ", columns_[i], " is not a ", types_[i]->ToString(),
                             ", as the encoder was told. The batch has schema ", batch.schema()->ToString());
    }
  }
  size_t num_rows = static_cast<size_t>(batch.num_rows());
  out.offsets.resize(num_rows + 1);
  if (columns_.size() == 1) {
    ASSIGN_OR_RETURN(bool done, EncodedFast(*batch.column(columns_[0]), out));
    if (done) return absl::OkStatus();
  }
  std::vector<uint64_t> cursors(num_rows);
  std::vector<char> plain(columns_.size());
  std::vector<std::shared_ptr<arrow::Array>> arrays(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    arrays[i] = batch.column(columns_[i]);
    WithCodec<void>(arrays[i]->type_id(), [&]<typename Codec>() {
      const auto& array = static_cast<const typename Codec::Array&>(*arrays[i]);
      plain[i] = NeedsNoEscape<Codec>(array);
      AddSizes<Codec>(array, plain[i], cursors.data());
    });
  }
  uint64_t total = 0;
  for (size_t row = 0; row < num_rows; ++row) {
    uint64_t size = cursors[row];
    out.offsets[row] = static_cast<uint32_t>(total);
    cursors[row] = total;
    total += size;
  }
  RETURN_IF_ERROR(CheckSize(total, batch.num_rows()));
  out.offsets[num_rows] = static_cast<uint32_t>(total);
  out.bytes.resize(total);
  for (size_t i = 0; i < columns_.size(); ++i) {
    WithCodec<void>(arrays[i]->type_id(), [&]<typename Codec>() {
      WriteColumn<Codec>(static_cast<const typename Codec::Array&>(*arrays[i]), plain[i], out.bytes.data(),
                         cursors.data());
    });
  }
  return absl::OkStatus();
}

KeyDecoder::KeyDecoder(KeyDecoder&&) noexcept = default;
KeyDecoder& KeyDecoder::operator=(KeyDecoder&&) noexcept = default;
KeyDecoder::~KeyDecoder() = default;

absl::StatusOr<KeyDecoder> KeyDecoder::Make(const arrow::Schema& schema, std::span<const int> columns) {
  ASSIGN_OR_RETURN(auto types, KeyTypes(schema, columns));
  KeyDecoder decoder;
  for (const auto& type : types) {
    std::unique_ptr<arrow::ArrayBuilder> builder;
    RETURN_IF_ERROR(FromArrow(arrow::MakeBuilder(arrow::default_memory_pool(), type, &builder)));
    decoder.builders_.push_back(std::move(builder));
  }
  return decoder;
}

absl::Status KeyDecoder::Append(std::string_view key) {
  for (auto& builder : builders_) RETURN_IF_ERROR(Decode(key, *builder));
  if (!key.empty()) return Malformed("bytes are left behind the last column");
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::shared_ptr<arrow::Array>>> KeyDecoder::Finish() {
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (auto& builder : builders_) {
    std::shared_ptr<arrow::Array> array;
    RETURN_IF_ERROR(FromArrow(builder->Finish(&array)));
    arrays.push_back(std::move(array));
  }
  return arrays;
}

}  // namespace millrace
