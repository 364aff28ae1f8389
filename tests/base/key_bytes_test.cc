#include "base/key_bytes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>

#include "absl/strings/escaping.h"
#include "arrow/api.h"
#include "base/error.h"
#include "base/random.h"

namespace millrace {
namespace {

using Arrays = std::vector<std::shared_ptr<arrow::Array>>;

std::string Hex(std::string_view bytes) { return absl::BytesToHexString(AbslView(bytes)); }

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> ArrayOf(const std::vector<std::optional<Value>>& values, Builder builder = Builder()) {
  for (const auto& value : values) {
    EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::RecordBatch> BatchOf(const Arrays& columns) {
  arrow::FieldVector fields;
  for (size_t i = 0; i < columns.size(); ++i)
    fields.push_back(arrow::field("c" + std::to_string(i), columns[i]->type()));
  return arrow::RecordBatch::Make(arrow::schema(fields), columns.empty() ? 0 : columns[0]->length(), columns);
}

std::vector<int> AllColumns(const arrow::RecordBatch& batch) {
  std::vector<int> columns(static_cast<size_t>(batch.num_columns()));
  std::iota(columns.begin(), columns.end(), 0);
  return columns;
}

std::vector<std::string> Keys(const arrow::RecordBatch& batch) {
  KeyRows rows;
  auto encoder = KeyEncoder::Make(*batch.schema(), AllColumns(batch));
  EXPECT_TRUE(encoder.ok()) << encoder.status();
  absl::Status status = encoder->Encode(batch, rows);
  EXPECT_TRUE(status.ok()) << status;
  std::vector<std::string> keys;
  for (size_t row = 0; row < rows.num_rows(); ++row) keys.emplace_back(rows[row]);
  return keys;
}

std::vector<std::string> HexKeys(const std::shared_ptr<arrow::Array>& column) {
  std::vector<std::string> keys;
  for (const auto& key : Keys(*BatchOf({column}))) keys.push_back(Hex(key));
  return keys;
}

using Golden = std::vector<std::string>;

TEST(KeyBytes, IntegersAreFrozen) {
  EXPECT_EQ(HexKeys(ArrayOf<arrow::Int64Builder, int64_t>({0, 1, -1, INT64_MIN, INT64_MAX})),
            (Golden{"018000000000000000", "018000000000000001", "017fffffffffffffff", "010000000000000000",
                    "01ffffffffffffffff"}));
  EXPECT_EQ(HexKeys(ArrayOf<arrow::Int64Builder, int64_t>({std::nullopt, 42})), (Golden{"00", "01800000000000002a"}));
  EXPECT_EQ(HexKeys(ArrayOf<arrow::Int32Builder, int32_t>({-2})), (Golden{"017ffffffe"}));
  EXPECT_EQ(HexKeys(ArrayOf<arrow::Int16Builder, int16_t>({258})), (Golden{"018102"}));
  EXPECT_EQ(HexKeys(ArrayOf<arrow::Int8Builder, int8_t>({-128, 127})), (Golden{"0100", "01ff"}));
}

TEST(KeyBytes, TimesAndBooleansAreFrozen) {
  EXPECT_EQ(HexKeys(ArrayOf<arrow::BooleanBuilder, bool>({false, true, std::nullopt})), (Golden{"0100", "0101", "00"}));
  EXPECT_EQ(HexKeys(ArrayOf<arrow::Date32Builder, int32_t>({-1})), (Golden{"017fffffff"}));
  EXPECT_EQ(HexKeys(ArrayOf<arrow::Time32Builder, int32_t>(
                {1}, arrow::Time32Builder(arrow::time32(arrow::TimeUnit::MILLI), arrow::default_memory_pool()))),
            (Golden{"0180000001"}));
  auto micros = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  EXPECT_EQ(HexKeys(ArrayOf<arrow::TimestampBuilder, int64_t>(
                {-1, 1}, arrow::TimestampBuilder(micros, arrow::default_memory_pool()))),
            (Golden{"017fffffffffffffff", "018000000000000001"}));
}

TEST(KeyBytes, FloatsAreFrozenWithOneZeroAndOneNan) {
  double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(
      HexKeys(ArrayOf<arrow::DoubleBuilder, double>({1.0, -1.0, 0.0, -0.0, nan, std::copysign(nan, -1.0), HUGE_VAL})),
      (Golden{"01bff0000000000000", "01400fffffffffffff", "018000000000000000", "018000000000000000",
              "01fff8000000000000", "01fff8000000000000", "01fff0000000000000"}));
  EXPECT_EQ(HexKeys(ArrayOf<arrow::FloatBuilder, float>({-0.0f, 1.5f, std::nanf("7")})),
            (Golden{"0180000000", "01bfc00000", "01ffc00000"}));
}

TEST(KeyBytes, DecimalsAreFrozen) {
  EXPECT_EQ(HexKeys(ArrayOf<arrow::Decimal128Builder, arrow::Decimal128>(
                {arrow::Decimal128(1), arrow::Decimal128(-1)}, arrow::Decimal128Builder(arrow::decimal128(10, 2)))),
            (Golden{"0180000000000000000000000000000001", "017fffffffffffffffffffffffffffffff"}));
}

TEST(KeyBytes, StringsAreFrozenAndEscapeZero) {
  EXPECT_EQ(HexKeys(ArrayOf<arrow::StringBuilder, std::string>({"", "ab", std::string("a\0b", 3), std::nullopt})),
            (Golden{"010000", "0161620000", "016100ff620000", "00"}));
  EXPECT_EQ(HexKeys(ArrayOf<arrow::StringBuilder, std::string>({"", "ab"})), (Golden{"010000", "0161620000"}));
  EXPECT_EQ(HexKeys(ArrayOf<arrow::BinaryBuilder, std::string>({std::string("\0\0", 2), "\xff"})),
            (Golden{"0100ff00ff0000", "01ff0000"}));
}

TEST(KeyBytes, ListsAndStructsAreFrozen) {
  auto ints = std::make_shared<arrow::Int8Builder>();
  arrow::ListBuilder lists(arrow::default_memory_pool(), ints);
  ASSERT_TRUE(lists.Append().ok());
  ASSERT_TRUE(lists.Append().ok());
  ASSERT_TRUE(ints->Append(5).ok());
  ASSERT_TRUE(ints->AppendNull().ok());
  ASSERT_TRUE(lists.AppendNull().ok());
  auto list = lists.Finish().ValueOrDie();
  EXPECT_EQ(HexKeys(list), (Golden{"0100",
                                   "010101850100"
                                   "00",
                                   "00"}));

  auto a = ArrayOf<arrow::Int8Builder, int8_t>({1, std::nullopt, 2});
  auto b = ArrayOf<arrow::StringBuilder, std::string>({"x", "y", ""});
  auto both = arrow::StructArray::Make({a, b}, {std::string("a"), std::string("b")}).ValueOrDie();
  EXPECT_EQ(HexKeys(both), (Golden{"01"
                                   "0181"
                                   "01780000",
                                   "01"
                                   "00"
                                   "01790000",
                                   "01"
                                   "0182"
                                   "010000"}));
}

TEST(KeyBytes, ColumnsFollowOneAnotherAndNoColumnsMakeEmptyKeys) {
  auto a = ArrayOf<arrow::StringBuilder, std::string>({"a"});
  auto b = ArrayOf<arrow::Int16Builder, int16_t>({1});
  EXPECT_EQ(Hex(Keys(*BatchOf({a, b}))[0]),
            "0161000001"
            "8001");
  auto batch = BatchOf({a, b});
  auto encoder = KeyEncoder::Make(*batch->schema(), {});
  ASSERT_TRUE(encoder.ok());
  KeyRows rows;
  ASSERT_TRUE(encoder->Encode(*batch, rows).ok());
  ASSERT_EQ(rows.num_rows(), 1u);
  EXPECT_EQ(rows[0], "");
}

TEST(KeyBytes, WhatCannotBeAKeyIsRefusedByName) {
  auto schema = arrow::schema({arrow::field("tags", arrow::map(arrow::utf8(), arrow::utf8())),
                               arrow::field("at", arrow::timestamp(arrow::TimeUnit::NANO))});
  auto map = KeyEncoder::Make(*schema, std::vector<int>{0});
  EXPECT_EQ(map.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(StdView(map.status().message()).find("tags"), std::string_view::npos);
  EXPECT_EQ(KeyEncoder::Make(*schema, std::vector<int>{1}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(KeyEncoder::Make(*schema, std::vector<int>{2}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(KeyBytes, ABatchOfAnotherSchemaIsRefused) {
  auto numbers = BatchOf({ArrayOf<arrow::Int64Builder, int64_t>({1})});
  auto strings = BatchOf({ArrayOf<arrow::StringBuilder, std::string>({"1"})});
  auto encoder = KeyEncoder::Make(*numbers->schema(), std::vector<int>{0});
  ASSERT_TRUE(encoder.ok());
  KeyRows rows;
  EXPECT_EQ(encoder->Encode(*strings, rows).code(), absl::StatusCode::kInvalidArgument);
}

TEST(KeyBytes, DamagedKeysAreDataLoss) {
  auto schema = arrow::schema({arrow::field("s", arrow::utf8()), arrow::field("n", arrow::int32())});
  std::string good(
      "\x01"
      "a\0\0"
      "\x01\x80\0\0\x07",
      9);
  for (size_t size = 0; size < good.size(); ++size) {
    auto decoder = KeyDecoder::Make(*schema, std::vector<int>{0, 1});
    ASSERT_TRUE(decoder.ok());
    EXPECT_EQ(decoder->Append(std::string_view(good).substr(0, size)).code(), absl::StatusCode::kDataLoss) << size;
  }
  for (const std::string& bad : {good + "x", std::string("\x02") + good.substr(1),
                                 std::string("\x01"
                                             "a\0\x07",
                                             4)}) {
    auto decoder = KeyDecoder::Make(*schema, std::vector<int>{0, 1});
    ASSERT_TRUE(decoder.ok());
    EXPECT_EQ(decoder->Append(bad).code(), absl::StatusCode::kDataLoss) << Hex(bad);
  }
  auto decoder = KeyDecoder::Make(*schema, std::vector<int>{0, 1});
  ASSERT_TRUE(decoder->Append(good).ok());
}

// Random rows of every type. MILLRACE_SEED repeats a run.
uint64_t Seed() {
  const char* given = std::getenv("MILLRACE_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : Random::FromSystem().Next();
}

std::shared_ptr<arrow::DataType> RandomType(Random& random, int depth) {
  switch (random.Below(depth > 0 ? 15 : 13)) {
    case 0:
      return arrow::boolean();
    case 1:
      return arrow::int8();
    case 2:
      return arrow::int16();
    case 3:
      return arrow::int32();
    case 4:
      return arrow::int64();
    case 5:
      return arrow::float32();
    case 6:
      return arrow::float64();
    case 7:
      return arrow::date32();
    case 8:
      return arrow::time32(arrow::TimeUnit::MILLI);
    case 9:
      return arrow::timestamp(arrow::TimeUnit::MICRO, random.Chance(0.5) ? "UTC" : "");
    case 10:
      return arrow::decimal128(20, 3);
    case 11:
      return arrow::utf8();
    case 12:
      return arrow::binary();
    case 13:
      return arrow::list(RandomType(random, depth - 1));
    default:
      return arrow::struct_(
          {arrow::field("x", RandomType(random, depth - 1)), arrow::field("y", RandomType(random, depth - 1))});
  }
}

template <typename Builder>
arrow::Status AppendTo(arrow::ArrayBuilder& builder, auto value) {
  return static_cast<Builder&>(builder).Append(value);
}

// Few distinct values, so that equal ones and common prefixes occur. No −0.0 and no NaN: they do not come back as they
// went in.
arrow::Status AppendRandom(Random& random, arrow::ArrayBuilder& builder) {
  if (random.Chance(0.15)) return builder.AppendNull();
  int64_t number = static_cast<int64_t>(random.Next() >> random.Below(64)) * (random.Chance(0.5) ? 1 : -1);
  switch (builder.type()->id()) {
    case arrow::Type::BOOL:
      return AppendTo<arrow::BooleanBuilder>(builder, random.Chance(0.5));
    case arrow::Type::INT8:
      return AppendTo<arrow::Int8Builder>(builder, static_cast<int8_t>(number));
    case arrow::Type::INT16:
      return AppendTo<arrow::Int16Builder>(builder, static_cast<int16_t>(number));
    case arrow::Type::INT32:
      return AppendTo<arrow::Int32Builder>(builder, static_cast<int32_t>(number));
    case arrow::Type::INT64:
      return AppendTo<arrow::Int64Builder>(builder, number);
    case arrow::Type::FLOAT:
      return AppendTo<arrow::FloatBuilder>(builder, static_cast<float>(number) / 8 + 0.0f);
    case arrow::Type::DOUBLE:
      return AppendTo<arrow::DoubleBuilder>(builder, static_cast<double>(number) / 1024 + 0.0);
    case arrow::Type::DATE32:
      return AppendTo<arrow::Date32Builder>(builder, static_cast<int32_t>(number));
    case arrow::Type::TIME32:
      return AppendTo<arrow::Time32Builder>(builder, static_cast<int32_t>(number % 86'400'000));
    case arrow::Type::TIMESTAMP:
      return AppendTo<arrow::TimestampBuilder>(builder, number);
    case arrow::Type::DECIMAL128:
      return AppendTo<arrow::Decimal128Builder>(builder, arrow::Decimal128(number));
    case arrow::Type::STRING:
    case arrow::Type::BINARY: {
      constexpr std::string_view kAlphabet(
          "\0\x01"
          "ab\x7f\xfe\xff",
          7);
      size_t letters = builder.type()->id() == arrow::Type::STRING ? 5 : 7;
      std::string value(random.Below(6), 'a');
      for (char& c : value) c = kAlphabet[random.Below(letters)];
      return static_cast<arrow::BinaryBuilder&>(builder).Append(value);
    }
    case arrow::Type::LIST: {
      auto& list = static_cast<arrow::ListBuilder&>(builder);
      ARROW_RETURN_NOT_OK(list.Append());
      for (uint64_t n = random.Below(4); n > 0; --n) ARROW_RETURN_NOT_OK(AppendRandom(random, *list.value_builder()));
      return arrow::Status::OK();
    }
    default: {
      auto& both = static_cast<arrow::StructBuilder&>(builder);
      ARROW_RETURN_NOT_OK(both.Append());
      for (int i = 0; i < both.num_fields(); ++i) ARROW_RETURN_NOT_OK(AppendRandom(random, *both.field_builder(i)));
      return arrow::Status::OK();
    }
  }
}

std::shared_ptr<arrow::RecordBatch> RandomBatch(Random& random, int64_t num_rows) {
  Arrays columns;
  for (uint64_t n = 1 + random.Below(3); n > 0; --n) {
    auto builder = arrow::MakeBuilder(RandomType(random, 2)).ValueOrDie();
    for (int64_t row = 0; row < num_rows; ++row) EXPECT_TRUE(AppendRandom(random, *builder).ok());
    columns.push_back(builder->Finish().ValueOrDie());
  }
  return BatchOf(columns);
}

// The order that SQL gives two values, worked out from the values alone.
int Compare(const arrow::Array& a, int64_t i, int64_t j) {
  if (a.IsNull(i) || a.IsNull(j)) return static_cast<int>(a.IsValid(i)) - static_cast<int>(a.IsValid(j));
  auto order = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
  auto numbers = [&](const auto& array) { return order(array.Value(i), array.Value(j)); };
  switch (a.type_id()) {
    case arrow::Type::BOOL:
      return numbers(static_cast<const arrow::BooleanArray&>(a));
    case arrow::Type::INT8:
      return numbers(static_cast<const arrow::Int8Array&>(a));
    case arrow::Type::INT16:
      return numbers(static_cast<const arrow::Int16Array&>(a));
    case arrow::Type::INT32:
      return numbers(static_cast<const arrow::Int32Array&>(a));
    case arrow::Type::INT64:
      return numbers(static_cast<const arrow::Int64Array&>(a));
    case arrow::Type::FLOAT:
      return numbers(static_cast<const arrow::FloatArray&>(a));
    case arrow::Type::DOUBLE:
      return numbers(static_cast<const arrow::DoubleArray&>(a));
    case arrow::Type::DATE32:
      return numbers(static_cast<const arrow::Date32Array&>(a));
    case arrow::Type::TIME32:
      return numbers(static_cast<const arrow::Time32Array&>(a));
    case arrow::Type::TIMESTAMP:
      return numbers(static_cast<const arrow::TimestampArray&>(a));
    case arrow::Type::DECIMAL128: {
      const auto& decimals = static_cast<const arrow::Decimal128Array&>(a);
      return order(arrow::Decimal128(decimals.GetValue(i)), arrow::Decimal128(decimals.GetValue(j)));
    }
    case arrow::Type::STRING:
    case arrow::Type::BINARY: {
      const auto& bytes = static_cast<const arrow::BinaryArray&>(a);
      return order(bytes.GetView(i), bytes.GetView(j));
    }
    case arrow::Type::LIST: {
      const auto& lists = static_cast<const arrow::ListArray&>(a);
      int shorter = std::min(lists.value_length(i), lists.value_length(j));
      for (int k = 0; k < shorter; ++k) {
        if (int c = Compare(*lists.values(), lists.value_offset(i) + k, lists.value_offset(j) + k)) return c;
      }
      return order(lists.value_length(i), lists.value_length(j));
    }
    default: {
      const auto& both = static_cast<const arrow::StructArray&>(a);
      for (int k = 0; k < both.num_fields(); ++k) {
        if (int c = Compare(*both.field(k), i, j)) return c;
      }
      return 0;
    }
  }
}

TEST(KeyBytes, ComparingBytesComparesRandomRows) {
  uint64_t seed = Seed();
  SCOPED_TRACE(Cat("MILLRACE_SEED=", seed));
  Random random(seed);
  for (int round = 0; round < 300; ++round) {
    auto batch = RandomBatch(random, 24);
    auto keys = Keys(*batch);
    for (int64_t i = 0; i < batch->num_rows(); ++i) {
      for (int64_t j = 0; j < batch->num_rows(); ++j) {
        int rows = 0;
        for (int c = 0; c < batch->num_columns() && rows == 0; ++c) rows = Compare(*batch->column(c), i, j);
        int bytes = keys[static_cast<size_t>(i)].compare(keys[static_cast<size_t>(j)]);
        ASSERT_EQ(rows < 0, bytes < 0) << batch->ToString() << i << " " << j;
        ASSERT_EQ(rows == 0, bytes == 0) << batch->ToString() << i << " " << j;
      }
    }
  }
}

TEST(KeyBytes, RandomRowsComeBackFromTheirBytesAlsoFromSlices) {
  uint64_t seed = Seed();
  SCOPED_TRACE(Cat("MILLRACE_SEED=", seed));
  Random random(seed);
  for (int round = 0; round < 300; ++round) {
    auto batch = RandomBatch(random, 1 + static_cast<int64_t>(random.Below(40)));
    auto slice = batch->Slice(static_cast<int64_t>(random.Below(static_cast<uint64_t>(batch->num_rows()))));
    auto decoder = KeyDecoder::Make(*slice->schema(), AllColumns(*slice));
    ASSERT_TRUE(decoder.ok());
    for (const auto& key : Keys(*slice)) ASSERT_TRUE(decoder->Append(key).ok());
    auto columns = decoder->Finish();
    ASSERT_TRUE(columns.ok());
    for (int c = 0; c < slice->num_columns(); ++c) {
      ASSERT_TRUE((*columns)[static_cast<size_t>(c)]->Equals(*slice->column(c))) << slice->ToString();
    }
  }
}

TEST(KeyBytes, TheFastPathsWriteWhatTheSlowOnesDo) {
  // A NULL in the column switches the fast path off; a slice without it switches it on.
  auto numbers = BatchOf({ArrayOf<arrow::Int64Builder, int64_t>({std::nullopt, 5, -7, 1 << 20})});
  auto strings =
      BatchOf({ArrayOf<arrow::StringBuilder, std::string>({std::nullopt, "x", "", "long enough to be on the heap"})});
  for (const auto& batch : {numbers, strings}) {
    auto slow = Keys(*batch);
    slow.erase(slow.begin());
    EXPECT_EQ(Keys(*batch->Slice(1)), slow);
  }
}

}  // namespace
}  // namespace millrace
