#include "connectors/format/json_row_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "arrow/array/util.h"
#include "arrow/builder.h"
#include "arrow/record_batch.h"
#include "arrow/type.h"
#include "arrow/util/decimal.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/value_text.h"
#include "connectors/format/json_decoder.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {
namespace {

std::shared_ptr<arrow::Schema> SchemaFor(const std::vector<std::pair<std::string, std::string>>& columns) {
  google::protobuf::RepeatedPtrField<v1::Column> list;
  for (const auto& [name, type] : columns) {
    v1::Column& column = *list.Add();
    column.set_name(name);
    column.set_type(type);
  }
  return SchemaOf(list).value();
}

std::shared_ptr<arrow::RecordBatch> Decode(const std::shared_ptr<arrow::Schema>& schema, std::string_view json) {
  auto decoder = JsonDecoder::Make(schema, {}).value();
  absl::Status status = decoder->Append({json.data(), json.size()}).status();
  EXPECT_TRUE(status.ok()) << status;
  return decoder->Flush().value();
}

std::string Write(const arrow::RecordBatch& rows, JsonRowWriter::Options options = {}) {
  auto writer = JsonRowWriter::Make(*rows.schema(), options);
  if (!writer.ok()) return std::string(writer.status().message());
  std::string text;
  absl::Status status = writer->AppendRow(rows, 0, &text);
  return status.ok() ? text : std::string(status.message());
}

std::string JavaDouble(double value) {
  std::string text;
  AppendJavaDouble(value, &text);
  return text;
}

TEST(ValueText, RealsAreSpelledAsJavaSpellsThem) {
  EXPECT_EQ(JavaDouble(0.0), "0.0");
  EXPECT_EQ(JavaDouble(-0.0), "-0.0");
  EXPECT_EQ(JavaDouble(46), "46.0");
  EXPECT_EQ(JavaDouble(0.001), "0.001");
  EXPECT_EQ(JavaDouble(0.00099), "9.9E-4");
  EXPECT_EQ(JavaDouble(9999999.5), "9999999.5");
  EXPECT_EQ(JavaDouble(1e7), "1.0E7");
  EXPECT_EQ(JavaDouble(-7.62648397354E11), "-7.62648397354E11");
  EXPECT_EQ(JavaDouble(std::numeric_limits<double>::denorm_min()), "4.9E-324");
  EXPECT_EQ(JavaDouble(std::numeric_limits<double>::max()), "1.7976931348623157E308");
  EXPECT_EQ(JavaDouble(std::nan("")), "NaN");
  EXPECT_EQ(JavaDouble(-std::numeric_limits<double>::infinity()), "-Infinity");
  EXPECT_EQ(JavaDouble(1e23), "1.0E23");
  EXPECT_EQ(JavaDouble(2e-323), "2.0E-323");
  std::string text;
  AppendJavaFloat(3.4028235e38f, &text);
  EXPECT_EQ(text, "3.4028235E38");
  text.clear();
  AppendJavaFloat(std::numeric_limits<float>::denorm_min(), &text);
  EXPECT_EQ(text, "1.4E-45");
}

TEST(ValueText, DatesTimesAndIntervals) {
  auto timestamp = [](int64_t micros) {
    std::string text;
    AppendTimestamp(micros, ' ', &text);
    return text;
  };
  EXPECT_EQ(timestamp(0), "1970-01-01 00:00:00");
  EXPECT_EQ(timestamp(-1), "1969-12-31 23:59:59.999999");
  EXPECT_EQ(timestamp(-62135596800000000), "0001-01-01 00:00:00");
  EXPECT_EQ(timestamp(253402300799999000), "9999-12-31 23:59:59.999");
  std::string text;
  AppendDate(2932897, &text);
  EXPECT_EQ(text, "+10000-01-01");
  text.clear();
  AppendYearToMonth(-13, &text);
  EXPECT_EQ(text, "-1-01");
  text.clear();
  AppendDayToSecond(90061001, &text);
  EXPECT_EQ(text, "+1 01:01:01.001");
  text.clear();
  AppendDayToSecond(std::numeric_limits<int64_t>::min(), &text);
  EXPECT_EQ(text, "-106751991167 07:12:55.808");
}

constexpr std::string_view kEveryType = R"({"b":true,"ti":-128,"si":32767,"i":-2147483648,"l":9223372036854775807,
  "f":0.1,"d":1e23,"dc":"-0.05","wide":"99999999999999999999.999999999999999999","s":"a\"\\\n\u0001ä日😀","bin":"AP8=",
  "dt":"2020-02-29","tm":"23:59:59.001","ts":"1969-12-31 23:59:59.999999","ltz":"2020-02-29 12:00:00.5Z",
  "arr":[1,null,-3],"m":{"y":2,"x":null},"r":{"a":1,"b":"one","t":"2020-01-01 00:00:00"},"nothing":null})";

std::shared_ptr<arrow::Schema> EveryType() {
  return SchemaFor({{"b", "BOOLEAN"}, {"ti", "TINYINT"}, {"si", "SMALLINT"}, {"i", "INT"}, {"l", "BIGINT"}, {"f", "FLOAT"},
                    {"d", "DOUBLE"}, {"dc", "DECIMAL(10, 2)"}, {"wide", "DECIMAL(38, 18)"}, {"s", "STRING"}, {"bin", "BYTES"},
                    {"dt", "DATE"}, {"tm", "TIME(3)"}, {"ts", "TIMESTAMP(6)"}, {"ltz", "TIMESTAMP_LTZ(3)"}, {"arr", "ARRAY<INT>"},
                    {"m", "MAP<STRING, INT>"}, {"r", "ROW<a INT, b STRING, t TIMESTAMP(3)>"}, {"nothing", "INT"}});
}

TEST(JsonRowWriter, AResultRowIsLossless) {
  EXPECT_EQ(Write(*Decode(EveryType(), kEveryType)),
            R"([true,-128,32767,-2147483648,9223372036854775807,0.1,1.0E23,"-0.05","99999999999999999999.999999999999999999",)"
            R"("a\"\\\u000a\u0001ä日😀","00ff","2020-02-29","23:59:59.001","1969-12-31 23:59:59.999999","2020-02-29 12:00:00.5Z",)"
            R"([1,null,-3],[["x",null],["y",2]],[1,"one","2020-01-01 00:00:00"],null])");
}

TEST(JsonRowWriter, AnObjectIsWhatFlinksFormatWritesAndReadsBackTheSame) {
  auto rows = Decode(EveryType(), kEveryType);
  std::string text = Write(*rows, {.style = JsonRowStyle::kObject});
  EXPECT_EQ(text,
            R"({"b":true,"ti":-128,"si":32767,"i":-2147483648,"l":9223372036854775807,"f":0.1,"d":1.0E23,"dc":-0.05,)"
            R"("wide":99999999999999999999.999999999999999999,"s":"a\"\\\u000a\u0001ä日😀","bin":"AP8=","dt":"2020-02-29",)"
            R"("tm":"23:59:59.001","ts":"1969-12-31 23:59:59.999999","ltz":"2020-02-29 12:00:00.5Z","arr":[1,null,-3],)"
            R"("m":{"y":2,"x":null},"r":{"a":1,"b":"one","t":"2020-01-01 00:00:00"},"nothing":null})");
  EXPECT_TRUE(Decode(EveryType(), text)->Equals(*rows));
  EXPECT_NE(Write(*rows, {JsonRowStyle::kObject, TimestampFormat::kIso8601}).find(R"("ltz":"2020-02-29T12:00:00.5Z")"),
            std::string::npos);
}

TEST(JsonRowWriter, ReadsSlicesOfNestedColumns) {
  auto schema = SchemaFor({{"arr", "ARRAY<INT>"}, {"r", "ROW<a INT>"}, {"m", "MAP<STRING, INT>"}});
  auto decoder = JsonDecoder::Make(schema, {}).value();
  for (std::string_view json : {R"({"arr":[1],"r":{"a":1},"m":{"k":1}})", R"({"arr":[2,3],"r":{"a":2},"m":{"l":2}})"}) {
    ASSERT_TRUE(decoder->Append({json.data(), json.size()}).ok());
  }
  auto rows = decoder->Flush().value();
  EXPECT_EQ(Write(*rows->Slice(1)), R"([[2,3],[2],[["l",2]]])");
}

TEST(JsonRowWriter, ARowWithoutColumnsIsStillARow) {
  auto rows = arrow::RecordBatch::Make(arrow::schema({}), 2, arrow::ArrayVector{});
  EXPECT_EQ(Write(*rows), "[]");
  EXPECT_EQ(Write(*rows, {.style = JsonRowStyle::kObject}), "{}");
}

TEST(JsonRowWriter, RefusesWhatJsonCannotSay) {
  auto rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("x", arrow::duration(arrow::TimeUnit::MILLI))}), 0,
                                       {arrow::MakeArrayOfNull(arrow::duration(arrow::TimeUnit::MILLI), 0).ValueOrDie()});
  EXPECT_EQ(Write(*rows, {.style = JsonRowStyle::kObject}), "column 'x': JSON has no INTERVAL; cast it to STRING or to a number");
  auto map = arrow::map(arrow::int32(), arrow::int32());
  rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("m", map)}), 0, {arrow::MakeArrayOfNull(map, 0).ValueOrDie()});
  EXPECT_EQ(Write(*rows, {.style = JsonRowStyle::kObject}),
            "column 'm': JSON has only string keys, but the MAP's are INT; cast it to MAP<STRING, …>");
}

}  // namespace
}  // namespace millrace
