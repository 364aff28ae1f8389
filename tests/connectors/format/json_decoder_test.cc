#include "connectors/format/json_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "arrow/array.h"
#include "arrow/record_batch.h"
#include "arrow/scalar.h"
#include "arrow/type.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/random.h"
#include "millrace/v1/plan.pb.h"
#include "simdjson.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<JsonDecoder> MakeDecoder(const std::vector<std::pair<std::string, std::string>>& columns,
                                         TimestampFormat format = TimestampFormat::kSql) {
  google::protobuf::RepeatedPtrField<v1::Column> protos;
  for (const auto& [name, type] : columns) {
    v1::Column* column = protos.Add();
    column->set_name(name);
    column->set_type(type);
  }
  auto schema = SchemaOf(protos);
  EXPECT_TRUE(schema.ok()) << schema.status();
  auto decoder = JsonDecoder::Make(*schema, {.timestamp_format = format});
  EXPECT_TRUE(decoder.ok()) << decoder.status();
  return std::move(*decoder);
}

absl::Status Append(Decoder& decoder, std::string_view json) {
  return decoder.Append({json.data(), json.size()}).status();
}

std::string Cell(const arrow::RecordBatch& batch, int column, int64_t row) {
  auto scalar = batch.column(column)->GetScalar(row);
  EXPECT_TRUE(scalar.ok());
  return (*scalar)->is_valid ? (*scalar)->ToString() : "NULL";
}

// Decodes {"c": json} into one column of this type. "bad: …" if it does not fit.
std::string Decode(const std::string& type, std::string_view json, TimestampFormat format = TimestampFormat::kSql) {
  auto decoder = MakeDecoder({{"c", type}}, format);
  absl::Status status = Append(*decoder, Cat("{\"c\": ", json, "}"));
  if (!status.ok()) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(decoder->num_rows(), 0);
    return Cat("bad: ", status.message());
  }
  auto batch = decoder->Flush();
  EXPECT_TRUE(batch.ok() && (*batch)->ValidateFull().ok());
  EXPECT_EQ((*batch)->num_rows(), 1);
  return Cell(**batch, 0, 0);
}

struct ValueCase {
  std::string type;
  std::string json;
  std::string expected;  // "bad": refused, with any message; else what it must hold
};

class JsonValues : public ::testing::TestWithParam<ValueCase> {};

TEST_P(JsonValues, AreTakenWithoutLossOrRefused) {
  const ValueCase& c = GetParam();
  std::string got = Decode(c.type, c.json);
  if (c.expected.substr(0, 3) == "bad") {
    EXPECT_THAT(got, HasSubstr("bad: column 'c")) << c.type << " " << c.json;
    if (c.expected.size() > 5) {
      EXPECT_THAT(got, HasSubstr(c.expected.substr(5)));
    }
  } else {
    EXPECT_EQ(got, c.expected) << c.type << " " << c.json;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, JsonValues,
    ::testing::ValuesIn(std::vector<ValueCase>{
        {"BOOLEAN", "true", "true"}, {"BOOLEAN", "\"FALSE\"", "false"}, {"BOOLEAN", "1", "bad"}, {"BOOLEAN", "\"yes\"", "bad"},
        {"TINYINT", "127", "127"}, {"TINYINT", "128", "bad: is out of range"}, {"TINYINT", "-128", "-128"}, {"TINYINT", "-129", "bad"},
        {"SMALLINT", "32767", "32767"}, {"SMALLINT", "32768", "bad: is out of range"},
        {"INT", "\"12\"", "12"}, {"INT", "\" +12 \"", "12"}, {"INT", "1.7", "bad: does not fit without loss"}, {"INT", "5.0", "5"},
        {"INT", "1e3", "1000"}, {"INT", "2147483648", "bad: is out of range"}, {"INT", "\"1.0\"", "bad"}, {"INT", "\"\"", "bad"},
        {"INT", "true", "bad"}, {"INT", "null", "NULL"}, {"INT", "{}", "bad"}, {"INT", "-0", "0"}, {"INT", "1e-1", "bad"},
        {"INT", "\"+-1\"", "bad"}, {"INT", "1e1000000000000", "bad: is out of range"},
        {"BIGINT", "9223372036854775807", "9223372036854775807"}, {"BIGINT", "-9223372036854775808", "-9223372036854775808"},
        {"BIGINT", "9223372036854775808", "bad: is out of range"}, {"BIGINT", "18446744073709551616", "bad: is out of range"},
        {"BIGINT", "9007199254740993.0", "9007199254740993"}, {"BIGINT", "\"9223372036854775808\"", "bad: is out of range"},
        {"DOUBLE", "0.5", "0.5"}, {"DOUBLE", "\"0.5\"", "0.5"}, {"DOUBLE", "7", "7"}, {"DOUBLE", "1e999", "bad: is out of range"},
        {"DOUBLE", "\"Infinity\"", "inf"}, {"DOUBLE", "\"inf\"", "bad"}, {"DOUBLE", "\"\"", "bad"}, {"DOUBLE", "[1]", "bad"},
        {"FLOAT", "1.5", "1.5"}, {"FLOAT", "1e39", "bad: is out of range"}, {"FLOAT", "\"x\"", "bad"},
        {"DECIMAL(10, 2)", "12.34", "12.34"}, {"DECIMAL(10, 2)", "12.340", "12.34"}, {"DECIMAL(10, 2)", "12.345", "bad: without loss"},
        {"DECIMAL(10, 2)", "\"-0.10\"", "-0.10"}, {"DECIMAL(4, 2)", "100", "bad: is out of range"}, {"DECIMAL(10, 2)", "1e2", "100.00"},
        {"DECIMAL(38, 18)", "12345678901234567890.123456789012345678", "12345678901234567890.123456789012345678"},
        {"DECIMAL(38, 0)", "99999999999999999999999999999999999999", "99999999999999999999999999999999999999"},
        {"DECIMAL(38, 0)", "100000000000000000000000000000000000000", "bad: is out of range"},
        {"DECIMAL(10, 2)", "0.10000000000000000000000000000000000000000000000", "0.10"},
        {"STRING", "\"a\\u00e9\\n\\ud83d\\ude00\"", "a\xc3\xa9\n\xf0\x9f\x98\x80"}, {"STRING", "12.50", "12.50"},
        {"STRING", "true", "true"}, {"STRING", "null", "NULL"}, {"STRING", "\"\"", ""},
        {"STRING", "{ \"a\" : [ 1 , \"x y\" ] }", "{\"a\":[1,\"x y\"]}"},
        {"BYTES", "\"aGk=\"", "hi"}, {"BYTES", "\"?\"", "bad: is not a base64 string"}, {"BYTES", "1", "bad"},
        {"DATE", "\"2024-02-29\"", "2024-02-29"}, {"DATE", "\"2023-02-29\"", "bad"}, {"DATE", "\"1969-12-31\"", "1969-12-31"},
        {"DATE", "\"0001-01-01\"", "0001-01-01"}, {"DATE", "\"2024-2-29\"", "bad"}, {"DATE", "19000", "bad"},
        {"TIME", "\"23:59:59\"", "23:59:59.000"}, {"TIME(3)", "\"10:00:00.125\"", "10:00:00.125"}, {"TIME", "\"10:00:00.5\"", "bad"},
        {"TIME", "\"24:00:00\"", "bad"}, {"TIME", "\"10\"", "bad"}, {"TIME", "\"10:00\"", "bad"},
        {"TIMESTAMP(3)", "\"2026-11-21 10:00:00.123\"", "2026-11-21 10:00:00.123000"},
        {"TIMESTAMP(3)", "\"2026-11-21 10:00:00.123000\"", "2026-11-21 10:00:00.123000"},
        {"TIMESTAMP(3)", "\"2026-11-21 10:00:00.1234\"", "bad: has more digits of a second"},
        {"TIMESTAMP(6)", "\"2026-11-21 10:00:00.123456\"", "2026-11-21 10:00:00.123456"},
        {"TIMESTAMP(3)", "\"2026-11-21 10:00:00Z\"", "bad"}, {"TIMESTAMP(3)", "\"2026-11-21T10:00:00\"", "bad"},
        {"TIMESTAMP(3)", "1700000000000", "bad: EPOCH-MILLIS"}, {"TIMESTAMP(3)", "\"\"", "bad"},
        {"TIMESTAMP_LTZ(3)", "\"2026-11-21 10:00:00.5Z\"", "2026-11-21 10:00:00.500000Z"},
        {"TIMESTAMP_LTZ(3)", "\"2026-11-21 10:00:00\"", "bad"}, {"TIMESTAMP_LTZ(3)", "\"1969-12-31 23:59:59Z\"", "1969-12-31 23:59:59.000000Z"},
        {"ARRAY<INT>", "[1, \"2\", null]", "list<item: int32>[1, 2, null]"}, {"ARRAY<INT>", "[1, 2.5]", "bad: c.[1]' ("},
        {"ARRAY<INT>", "{}", "bad: is not an array"}, {"ARRAY<INT NOT NULL>", "[null]", "bad"}, {"MAP<STRING, INT>", "[]", "bad"},
        {"ROW<a INT, b ROW<x STRING>>", "{\"b\": {\"x\": \"y\", \"z\": 1}}", "{a:int32 = null, b:struct<x: string> = {x:string = y}}"},
        {"ROW<a INT, b ROW<x INT>>", "{\"b\": {\"x\": \"y\"}}", "bad: c.b.x"}, {"ROW<a INT NOT NULL>", "{}", "bad: c.a"},
    }));

TEST(JsonDecoder, AMapsLastDuplicateWins) {
  auto decoder = MakeDecoder({{"m", "MAP<STRING, INT>"}});
  ASSERT_TRUE(Append(*decoder, R"({"m": {"a": 1, "b": 2, "a": 3}})").ok());
  auto batch = *decoder->Flush();
  const auto& map = static_cast<const arrow::MapArray&>(*batch->column(0));
  ASSERT_EQ(map.value_length(0), 2);
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*map.keys()).GetView(0), "a");
  EXPECT_EQ(static_cast<const arrow::Int32Array&>(*map.items()).Value(0), 3);
  EXPECT_EQ(static_cast<const arrow::Int32Array&>(*map.items()).Value(1), 2);
}

TEST(JsonDecoder, TimestampsFollowTheStandardOfTheOptions) {
  EXPECT_EQ(Decode("TIMESTAMP_LTZ(3)", "\"2026-11-21T10:00:00.250Z\"", TimestampFormat::kIso8601), "2026-11-21 10:00:00.250000Z");
  EXPECT_EQ(Decode("TIMESTAMP_LTZ(3)", "\"2026-11-21T10:00:00+02:30\"", TimestampFormat::kIso8601), "2026-11-21 07:30:00.000000Z");
  EXPECT_EQ(Decode("TIMESTAMP(3)", "\"2026-11-21T10:00\"", TimestampFormat::kIso8601), "2026-11-21 10:00:00.000000");
  EXPECT_THAT(Decode("TIMESTAMP_LTZ(3)", "\"2026-11-21 10:00:00Z\"", TimestampFormat::kIso8601), HasSubstr("bad: "));
  EXPECT_EQ(Decode("TIMESTAMP_LTZ(3)", "1700000000123", TimestampFormat::kEpochMillis), "2023-11-14 22:13:20.123000Z");
  EXPECT_EQ(Decode("TIMESTAMP_LTZ(3)", "\"-1\"", TimestampFormat::kEpochMillis), "1969-12-31 23:59:59.999000Z");
  EXPECT_THAT(Decode("TIMESTAMP_LTZ(3)", "1.5", TimestampFormat::kEpochMillis), HasSubstr("without loss"));
  EXPECT_THAT(Decode("TIMESTAMP_LTZ(0)", "1001", TimestampFormat::kEpochMillis), HasSubstr("more digits"));
  EXPECT_THAT(Decode("TIMESTAMP_LTZ(3)", "9223372036854775807", TimestampFormat::kEpochMillis), HasSubstr("out of range"));
}

TEST(JsonDecoder, NamesTheTypeAsThePlanSpellsIt) {
  for (const char* type : {"TIMESTAMP_LTZ(3)", "TIMESTAMP(0)", "TIMESTAMP(6)", "DECIMAL(10, 2)", "BIGINT"}) {
    auto decoder = MakeDecoder({{"at", std::string(type) + " NOT NULL"}});
    EXPECT_THAT(std::string(Append(*decoder, R"({"at": "soon"})").message()), HasSubstr(std::string("column 'at' (") + type + "): "));
  }
}

TEST(JsonDecoder, RefusesWhatIsNotJsonAlsoWhereNobodyLooks) {
  auto decoder = MakeDecoder({{"a", "INT"}});
  std::string deep(63, '['), closing(63, ']');
  const std::vector<std::pair<std::string, std::string>> kCases = {
      {"", "empty"}, {"  ", "empty"}, {"null", "not a JSON object"}, {"[1]", "not a JSON object"}, {"\"a\"", "not a JSON object"},
      {"{\"a\":1", "ends in the middle"}, {"{\"a\":1} x", "text follows"}, {"{} {}", "text follows"}, {"{\"a\":1,}", "key"},
      {"{\"a\":1 \"b\":2}", "comma"}, {"{\"a\" 1}", "colon"}, {"{a:1}", "key"}, {"{\"a\":1,\"x\":tru}", "a value is neither"},
      {"{\"a\":1,\"x\":01}", "a value is neither"}, {"{\"a\":1,\"x\":1.}", "a value is neither"}, {"{\"a\":1,\"x\":[1,]}", "missing"},
      {"{\"a\":1,\"x\":\"\\q\"}", "escape"}, {"{\"a\":1,\"x\":\"\\u12\"}", "escape"}, {"{\"a\":1,\"x\":\"\\ud800\"}", "escape"},
      {"{\"a\":1,\"x\":\"\\udc00\"}", "escape"}, {"{\"a\":1,\"x\\q\":1}", "escape"}, {"{\"a\":1,\"x\":\"\xff\"}", "UTF-8"},
      {"{\"a\":1,\"x\":\"\x01\"}", "control"}, {"{\"a\":1,\"x\":\"}", "quote"}, {"{\"a\":1,\"x\":{\"y\" 1}}", "colon"},
      {"{\"a\":1,\"x\":[}", "missing"}, {"{\"a\":1,\"x\":NaN}", "a value is neither"}, {"{\"a\":1,\"x\":\"s\"t}", "comma"},
      {"{\"x\":" + deep + "[" + closing + "]}", "64"}, {"{,}", "key"}, {"{\"a\":}", "missing"}, {"{\"a\":1]", "comma"}, {"{", "middle"}};
  for (const auto& [json, why] : kCases) {
    absl::Status status = Append(*decoder, json);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << json;
    EXPECT_THAT(std::string(status.message()), HasSubstr(why)) << json;
  }
  EXPECT_EQ(decoder->Append({nullptr, 0}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(decoder->num_rows(), 0);
  EXPECT_TRUE(Append(*decoder, "{\"x\":" + deep + closing + "}").ok()) << "64 deep is allowed";
}

TEST(JsonDecoder, ABadRecordLeavesNoPartialRow) {
  auto decoder = MakeDecoder({{"a", "ARRAY<STRING>"}, {"b", "INT"}});
  ASSERT_TRUE(Append(*decoder, R"({"a": ["x"], "b": 1})").ok());
  EXPECT_FALSE(Append(*decoder, R"({"a": ["y", "z"], "b": 1.5})").ok());
  EXPECT_FALSE(Append(*decoder, R"({"b": 1, "a": ["y", {"k": 1}], "c": })").ok());
  ASSERT_TRUE(Append(*decoder, R"({"b": 2})").ok());
  auto batch = *decoder->Flush();
  ASSERT_TRUE(batch->ValidateFull().ok());
  ASSERT_EQ(batch->num_rows(), 2);
  EXPECT_EQ(Cell(*batch, 0, 0), "list<item: string>[x]");
  EXPECT_EQ(Cell(*batch, 0, 1), "NULL");
  EXPECT_EQ(Cell(*batch, 1, 1), "2");
  EXPECT_EQ((*decoder->Flush())->num_rows(), 0);
}

TEST(JsonDecoder, KeysAreFoundInAnyOrderAndTheLastDuplicateWins) {
  auto decoder = MakeDecoder({{"b", "INT"}, {"a", "INT"}});
  ASSERT_TRUE(Append(*decoder, R"({"a":1,"x":0,"b":2})").ok());
  ASSERT_TRUE(Append(*decoder, R"({"b":3,"a":4,"x":{"a":9,"b":9}})").ok());
  ASSERT_TRUE(Append(*decoder, R"({"\u0061":5,"b":6,"b":7})").ok());
  ASSERT_TRUE(Append(*decoder, R"({"a":8,"b":"x","b":null})").ok());
  auto batch = *decoder->Flush();
  std::string got;
  for (int row = 0; row < 4; ++row) got += Cat(Cell(*batch, 1, row), "/", Cell(*batch, 0, row), " ");
  EXPECT_EQ(got, "1/2 4/3 5/7 8/NULL ");
}

TEST(JsonDecoder, CountsRowsWithoutAnyColumn) {
  auto decoder = MakeDecoder({});
  ASSERT_TRUE(Append(*decoder, "{\"a\":1}").ok());
  EXPECT_FALSE(Append(*decoder, "{\"a\":1").ok());
  EXPECT_EQ((*decoder->Flush())->num_rows(), 1);
}

TEST(JsonDecoder, MissingIsNullUnlessNotNull) {
  auto decoder = MakeDecoder({{"a", "INT"}, {"b", "INT NOT NULL"}});
  EXPECT_TRUE(Append(*decoder, R"({"b":1})").ok());
  EXPECT_THAT(std::string(Append(*decoder, R"({"a":1})").message()), HasSubstr("'b' (INT): is missing, but the column is NOT NULL"));
  EXPECT_FALSE(Append(*decoder, R"({"b":null})").ok());
}

// Random texts, whole and broken, against simdjson's DOM parser, which checks everything.
class RandomJson {
 public:
  explicit RandomJson(uint64_t seed) : random_(seed) {}
  std::string Record() {
    std::string text = Object(0);
    for (uint64_t i = random_.Below(3); i > 0 && !text.empty(); --i) Break(&text);
    return text;
  }

 private:
  std::string Space() { return random_.Below(6) == 0 ? std::string(1, " \t\n\r"[random_.Below(4)]) : ""; }
  std::string Key() { return Cat("\"", std::string(1, "abcxyz"[random_.Below(6)]), "\""); }
  std::string Object(int depth) {
    std::string text = Cat(Space(), "{");
    for (uint64_t i = 0, n = random_.Below(6); i < n; ++i) {
      text += Cat(i == 0 ? "" : ",", Space(), Key(), Space(), ":", Value(depth + 1), Space());
    }
    return text + "}" + Space();
  }
  std::string Value(int depth) {
    switch (random_.Below(depth > 3 ? 6 : 8)) {
      case 0:
        return Cat(Space(), random_.Below(2) ? "" : "-", random_.Below(100'000));
      case 1:
        return Cat(random_.Below(1000), ".", random_.Below(100));
      case 2:
        return Cat("\"", random_.Below(100), "\"");
      case 3:
        return std::vector<std::string>{"true", "false", "null"}[random_.Below(3)];
      case 4:
        return std::vector<std::string>{"\"\"", "\"\xc3\xa9\"", "\"a\\nb\"", "\"\\u00e9\"", "\"a, {b}: c\"", "\"\\\"\""}[random_.Below(6)];
      case 5:
        return Cat(random_.Below(90), "E", random_.Below(3));
      case 6:
        return Object(depth);
      default: {
        std::string text = "[";
        for (uint64_t i = 0, n = random_.Below(4); i < n; ++i) text += Cat(i == 0 ? "" : ",", Space(), Value(depth + 1));
        return text + "]";
      }
    }
  }
  void Break(std::string* text) {
    static constexpr std::string_view kBytes = "{}[],:\"\\ truflsn019.-+\x01\xff";
    size_t at = random_.Below(text->size());
    switch (random_.Below(3)) {
      case 0:
        text->erase(at, 1);
        break;
      case 1:
        text->insert(at, 1, kBytes[random_.Below(kBytes.size())]);
        break;
      default:
        (*text)[at] = kBytes[random_.Below(kBytes.size())];
    }
  }
  Random random_;
};

// What the slow and simple way makes of column `name`: "bad", "NULL" or the value.
std::string ReferenceBigint(simdjson::dom::object object, std::string_view name) {
  std::string result = "NULL";
  for (auto field : object) {
    if (field.key != name) continue;
    int64_t integer;
    double real;
    std::string_view text;
    if (field.value.is_null()) {
      result = "NULL";
    } else if (field.value.get(integer) == simdjson::SUCCESS) {
      result = Cat(integer);
    } else if (field.value.get(real) == simdjson::SUCCESS) {
      result = real == std::floor(real) && std::abs(real) < 9.2e18 ? Cat(static_cast<int64_t>(real)) : "bad";
    } else if (field.value.get(text) == simdjson::SUCCESS) {
      bool digits = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
      result = digits ? Cat(std::stoll(std::string(text))) : "bad";
      if (!digits && text.size() > 1 && (text[0] == '-' || text[0] == '+' || text.find(' ') != text.npos)) result = "skip";
    } else {
      result = "bad";
    }
  }
  return result;
}

TEST(JsonDecoder, AgreesWithADomParserOnRandomTexts) {
  const uint64_t seed = ::testing::UnitTest::GetInstance()->random_seed() + 1;
  SCOPED_TRACE(Cat("seed ", seed));
  RandomJson texts(seed);
  simdjson::dom::parser dom;
  auto decoder = MakeDecoder({{"a", "BIGINT"}, {"b", "BIGINT"}, {"z", "STRING"}});
  int num_good = 0, num_bad = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::string text = texts.Record();
    simdjson::dom::element element;
    auto error = dom.parse(simdjson::padded_string(text)).get(element);
    std::string a, b;
    bool expected_good = false;
    simdjson::dom::object object;
    if (error == simdjson::SUCCESS && element.get(object) == simdjson::SUCCESS) {
      a = ReferenceBigint(object, "a");
      b = ReferenceBigint(object, "b");
      if (a == "skip" || b == "skip") continue;
      expected_good = a != "bad" && b != "bad";
    }
    absl::Status status = Append(*decoder, text);
    if (error == simdjson::NUMBER_ERROR && status.ok()) {
      // The DOM refuses numbers beyond a double or uint64 that are JSON nevertheless.
      ASSERT_TRUE(text.find('E') != text.npos || text.find_first_of("0123456789") != text.npos);
      ASSERT_TRUE(decoder->Flush().ok());
      continue;
    }
    ASSERT_EQ(status.ok(), expected_good) << text << "\n" << status << "\n" << simdjson::error_message(error);
    expected_good ? ++num_good : ++num_bad;
    if (!expected_good) continue;
    auto batch = *decoder->Flush();
    ASSERT_EQ(Cell(*batch, 0, 0), a) << text;
    ASSERT_EQ(Cell(*batch, 1, 0), b) << text;
  }
  EXPECT_GT(num_good, 3'000);
  EXPECT_GT(num_bad, 3'000);
}

}  // namespace
}  // namespace millrace
