#include "base/key_bytes.h"

#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "arrow/array.h"
#include "arrow/builder.h"
#include "arrow/record_batch.h"
#include "base/arrow_status.h"
#include "base/error.h"
#include "base/key_codec.h"
#include "base/macros.h"

namespace millrace {
namespace {

using key_bytes::BytesCodec;
using key_bytes::WithCodec;

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
      *at++ = key_bytes::kNull;
    } else {
      *at++ = key_bytes::kPresent;
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
    *at = key_bytes::kPresent;
    key_bytes::StoreBigEndian(key_bytes::Ordered<int64_t>(values[row]), at + 1);
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
    *at++ = key_bytes::kPresent;
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
  ASSIGN_OR_RETURN(encoder.types_, key_bytes::KeyTypes(schema, columns));
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
  ASSIGN_OR_RETURN(auto types, key_bytes::KeyTypes(schema, columns));
  KeyDecoder decoder;
  for (const auto& type : types) {
    std::unique_ptr<arrow::ArrayBuilder> builder;
    RETURN_IF_ERROR(FromArrow(arrow::MakeBuilder(arrow::default_memory_pool(), type, &builder)));
    decoder.builders_.push_back(std::move(builder));
  }
  return decoder;
}

absl::Status KeyDecoder::Append(std::string_view key) {
  for (auto& builder : builders_) RETURN_IF_ERROR(key_bytes::Decode(key, *builder));
  if (!key.empty()) return key_bytes::Malformed("bytes are left behind the last column");
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
