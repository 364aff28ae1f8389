// Frames of version 1: a worker of another release reads and writes the same bytes.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include "tests/golden/golden_hex.h"
#include "worker/shuffle/frame_codec.h"

namespace millrace {
namespace {

std::shared_ptr<arrow::RecordBatch> RowsOfTest() {
  arrow::StringBuilder names;
  arrow::Int64Builder numbers;
  EXPECT_TRUE(names.AppendValues({"a", "", "ccc"}).ok() && numbers.AppendValues({1, -2, 3}, {true, false, true}).ok());
  auto schema = arrow::schema({arrow::field("name", arrow::utf8(), false), arrow::field("number", arrow::int64())});
  return arrow::RecordBatch::Make(schema, 3, {*names.Finish(), *numbers.Finish()});
}

std::string Hex(const StreamEvent& event) {
  absl::StatusOr<std::string> frame = EncodeFrame(event);
  EXPECT_TRUE(frame.ok()) << frame.status();
  return absl::BytesToHexString(*frame);
}

TEST(GoldenFrames, ControlFramesAreFrozen) {
  EXPECT_EQ(Hex(Watermark{1'700'000'000'000'000}), "188080f9c0c1c48203");
  EXPECT_EQ(Hex(Idle{}), "2200");
  EXPECT_EQ(Hex(Barrier{Epoch(1042), static_cast<BarrierKind>(1), 77}), "2a070892081001184d");
  EXPECT_EQ(Hex(Barrier{Epoch(1042), static_cast<BarrierKind>(3), 77}), "2a070892081003184d");
  EXPECT_EQ(Hex(EndOfInput{99}), "32020863");
}

// Arrow may write its messages in another way one day; those of today are always read.
TEST(GoldenFrames, RowsOfVersionOneAreRead) {
  const std::string frame = GoldenBytes("shuffle_rows_v1.hex", *EncodeFrame(DataBatch{RowsOfTest(), 1}));
  FrameDecoder decoder({nullptr, RowsOfTest()->schema()});
  absl::StatusOr<StreamEvent> event = decoder.Decode(frame);
  ASSERT_TRUE(event.ok()) << event.status();
  const DataBatch* data = std::get_if<DataBatch>(&*event);
  ASSERT_NE(data, nullptr);
  EXPECT_EQ(data->port, 1u);
  EXPECT_TRUE(data->rows->Equals(*RowsOfTest())) << data->rows->ToString();
}

}  // namespace
}  // namespace millrace
