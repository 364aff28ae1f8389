#include "connectors/print/print_connector.h"

#include <gmock/gmock.h>

#include "arrow/array.h"
#include "arrow/record_batch.h"
#include "base/data_type.h"
#include "base/error.h"
#include "connectors/format/json_decoder.h"
#include "connectors/print/row_text.h"

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::shared_ptr<arrow::RecordBatch> Decode(const std::vector<std::pair<std::string, std::string>>& columns,
                                           const std::vector<std::string>& lines) {
  google::protobuf::RepeatedPtrField<v1::Column> list;
  for (const auto& [name, type] : columns) {
    list.Add()->set_name(name);
    list.rbegin()->set_type(type);
  }
  auto decoder = JsonDecoder::Make(SchemaOf(list).value(), {}).value();
  for (const std::string& line : lines) {
    absl::Status status = decoder->Append({line.data(), line.size()}).status();
    EXPECT_TRUE(status.ok()) << status;
  }
  return decoder->Flush().value();
}

class PrintTest : public ::testing::Test {
 protected:
  PrintTest()
      : connector_(MakePrintConnector({[this](std::string_view lines) { return Take(&out_, lines); },
                                       [this](std::string_view lines) { return Take(&err_, lines); }})) {}
  absl::Status Take(std::string* to, std::string_view lines) {
    if (is_closed_) return Unavailable("closed");
    *to += lines;
    return absl::OkStatus();
  }

  std::string out_;
  std::string err_;
  bool is_closed_ = false;
  const std::unique_ptr<SinkConnector> connector_;
  SinkSpec spec_;
};

TEST_F(PrintTest, RowsArePrintedAtOnceAndInOrder) {
  auto sink = *connector_->MakeSink(spec_);
  auto rows = Decode({{"i", "INT"}, {"s", "STRING"}}, {R"({"i":1,"s":"a"})", R"({"i":2})"});
  ASSERT_TRUE(sink->Write(*rows).ok());
  ASSERT_TRUE(sink->TakePart(false)->Persist().ok());
  EXPECT_EQ(out_, "+I[1, a]\n+I[2, null]\n");
  EXPECT_EQ(sink->TakePart(false), nullptr);
  ASSERT_TRUE(sink->Write(*rows->Slice(1)).ok());
  auto staged = *sink->Seal(Epoch(1));
  storage::v1::Committable committable;
  committable.set_bytes(*staged->Persist());
  EXPECT_EQ(out_, "+I[1, a]\n+I[2, null]\n+I[2, null]\n");
  auto receipt = (*connector_->MakeCommitter(spec_))->Commit({Generation(1), Epoch(1), std::span(&committable, 1), {}});
  EXPECT_EQ(receipt->num_rows, 3u);
  EXPECT_EQ(err_, "");
  EXPECT_EQ(*sink->Seal(Epoch(2)), nullptr);
}

TEST_F(PrintTest, AnIdentifierAndStandardError) {
  (*spec_.sink.mutable_options())["print-identifier"] = "late";
  (*spec_.sink.mutable_options())["standard-error"] = "true";
  auto sink = *connector_->MakeSink(spec_);
  ASSERT_TRUE(sink->Write(*Decode({{"i", "INT"}}, {R"({"i":1})"})).ok());
  ASSERT_TRUE(sink->TakePart(false)->Persist().ok());
  EXPECT_EQ(err_, "late> +I[1]\n");
  EXPECT_EQ(out_, "");
}

TEST_F(PrintTest, AStreamThatCannotBeWrittenIsAFailure) {
  auto sink = *connector_->MakeSink(spec_);
  ASSERT_TRUE(sink->Write(*Decode({{"i", "INT"}}, {R"({"i":1})"})).ok());
  is_closed_ = true;
  EXPECT_EQ(sink->TakePart(false)->Persist().code(), absl::StatusCode::kUnavailable);
}

TEST_F(PrintTest, OptionsAreChecked) {
  v1::Sink sink;
  (*sink.mutable_options())["print-identifer"] = "x";
  (*sink.mutable_options())["standard-error"] = "yes";
  sink.add_partition_by("i");
  EXPECT_THAT(connector_->Validate(sink, *arrow::schema({})),
              ElementsAre("print: there is no option 'print-identifer'; did you mean 'print-identifier'?",
                          "print: option 'standard-error': 'yes' is not true or false", HasSubstr("partitioned")));
}

TEST(RowText, IsWhatFlinkPrints) {
  auto rows = Decode({{"b", "BOOLEAN"}, {"l", "BIGINT"}, {"f", "FLOAT"}, {"dc", "DECIMAL(10, 2)"}, {"bin", "BYTES"}, {"dt", "DATE"},
                      {"tm", "TIME(3)"}, {"ts", "TIMESTAMP(6)"}, {"ltz", "TIMESTAMP_LTZ(3)"}, {"arr", "ARRAY<STRING>"},
                      {"m", "MAP<STRING, INT>"}, {"r", "ROW<a INT, b STRING>"}},
                     {R"({"b":true,"l":-5,"f":0.1,"dc":1.5,"bin":"AP8=","dt":"2020-02-29","tm":"23:59:00","ts":"2020-01-01 00:00:00",
                          "ltz":"2020-01-01 00:00:00Z","arr":["a",null],"m":{"k":1,"l":null},"r":{"a":1,"b":"x"}})",
                      R"({"ts":"1969-12-31 23:59:59.5","tm":"01:02:03.004","ltz":"2020-01-01 00:00:01.25Z"})"});
  std::string text;
  AppendRowText(*rows, 0, &text);
  EXPECT_EQ(text,
            "+I[true, -5, 0.1, 1.50, [0, -1], 2020-02-29, 23:59, 2020-01-01T00:00, 2020-01-01T00:00:00Z, [a, null], {k=1, l=null}, "
            "+I[1, x]]");
  text.clear();
  AppendRowText(*rows, 1, &text);
  EXPECT_EQ(text,
            "+I[null, null, null, null, null, null, 01:02:03.004, 1969-12-31T23:59:59.500, 2020-01-01T00:00:01.250Z, null, null, null]");
}

}  // namespace
}  // namespace millrace
