#include "connectors/blackhole/blackhole_connector.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(BlackholeConnector, CountsWhatItDrops) {
  auto connector = MakeBlackholeConnector();
  auto sink = *connector->MakeSink({});
  EXPECT_EQ(*sink->Seal(Epoch(1)), nullptr);
  auto batch = arrow::RecordBatch::MakeEmpty(arrow::schema({arrow::field("n", arrow::int64())})).ValueOrDie();
  auto rows = arrow::RecordBatch::Make(batch->schema(), 5, {arrow::MakeArrayOfNull(arrow::int64(), 5).ValueOrDie()});
  ASSERT_TRUE(sink->Write(*rows).ok());
  ASSERT_TRUE(sink->Write(*rows).ok());
  storage::v1::Committable committables[2];
  committables[0].set_bytes(*(*sink->Seal(Epoch(2)))->Persist());
  ASSERT_TRUE(sink->Write(*rows).ok());
  committables[1].set_bytes(*(*sink->Seal(Epoch(3)))->Persist());
  auto committer = *connector->MakeCommitter({});
  auto receipt = committer->Commit({Generation(1), Epoch(3), committables, {}});
  ASSERT_TRUE(receipt.ok());
  EXPECT_EQ(receipt->num_rows, 15u);
  committables[1].set_bytes("2:7");
  EXPECT_EQ(committer->Commit({Generation(1), Epoch(3), committables, {}}).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(BlackholeConnector, HasNoOptions) {
  v1::Sink sink;
  (*sink.mutable_options())["rate"] = "1";
  EXPECT_EQ(MakeBlackholeConnector()->Validate(sink, *arrow::schema({})).size(), 1u);
}

}  // namespace
}  // namespace millrace
