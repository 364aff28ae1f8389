#include "coordinator/record_codec.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/golden/golden_hex.h"

namespace millrace {
namespace {

storage::v1::PipelineRecord Example() {
  storage::v1::PipelineRecord record;
  record.set_name("orders");
  record.set_lineage("9f1c7f0a-3c55-4c1e-9f0e-2f6f6f0f6a11");
  record.set_generation(3);
  record.set_highest_epoch(1056);
  record.set_completed_epoch(1042);
  record.set_completed_manifest("manifest-1042");
  record.set_plan("plan");
  record.set_desired(storage::v1::DESIRED_STATE_RUNNING);
  record.set_term(7);
  auto& table = *record.add_tables();
  table.set_uid("out");
  table.set_committed_epoch(1041);
  auto& rewind = *record.mutable_rewind();
  rewind.set_to_epoch(1040);
  rewind.set_manifest("manifest-1040");
  rewind.set_sink_ahead(storage::v1::SINK_AHEAD_POLICY_ACCEPT_DUPLICATES);
  rewind.set_fence_epoch(1056);
  rewind.set_from_epoch(1042);
  rewind.set_cause("damage");
  *record.mutable_last_rewind() = rewind;
  auto& ahead = *record.mutable_last_rewind()->add_ahead();
  ahead.set_sink_uid("out");
  ahead.set_table("/tables/out");
  ahead.set_epoch(1041);
  ahead.set_table_version(12);
  return record;
}

TEST(RecordCodec, BytesOfVersionTwoAreReadAndWrittenAsEver) {
  const std::string bytes = EncodeRecord(Example());
  EXPECT_EQ(absl::BytesToHexString(bytes), absl::BytesToHexString(GoldenBytes("pipeline_record_v2.hex", bytes)));
  auto read = DecodeRecord(bytes, "pipelines/orders");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(EncodeRecord(*read), bytes);
}

TEST(RecordCodec, RecordsOfVersionOneHaveNoChecksum) {
  storage::v1::PipelineRecord record = Example();
  record.set_format_version(1);
  EXPECT_TRUE(DecodeRecord(record.SerializeAsString(), "r").ok());
  record.set_format_version(2);
  EXPECT_TRUE(absl::IsDataLoss(DecodeRecord(record.SerializeAsString(), "r").status()));
  record.set_format_version(3);
  EXPECT_TRUE(absl::IsFailedPrecondition(DecodeRecord(record.SerializeAsString(), "r").status()));
}

TEST(RecordCodec, NoByteCanBeCutOffAndNoBitFlippedUnnoticed) {
  const std::string bytes = EncodeRecord(Example());
  for (size_t size = 0; size < bytes.size(); ++size) {
    absl::Status status = DecodeRecord(bytes.substr(0, size), "pipelines/orders version 4").status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << size;
    EXPECT_NE(status.message().find(AbslView(Cat("read record pipelines/orders version 4: its ", size, " bytes"))), std::string::npos) << status;
  }
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(DecodeRecord(flipped, "r").ok()) << "bit " << bit;
  }
}

}  // namespace
}  // namespace millrace
