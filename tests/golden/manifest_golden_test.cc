#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "state/checkpoint_manifest.h"
#include "tests/golden/golden_hex.h"

namespace millrace {
namespace {

storage::v1::Manifest Example() {
  storage::v1::Manifest manifest;
  manifest.set_format_version(1);
  manifest.set_pipeline("orders-per-minute");
  manifest.set_lineage("9f1c7f0a-3c55-4c1e-9f0e-2f6f6f0f6a11");
  manifest.set_generation(3);
  manifest.set_epoch(1042);
  manifest.set_num_key_groups(720);
  manifest.set_parallelism(2);
  auto& source = *manifest.add_sources();
  source.set_uid("orders");
  source.set_system_id("kafka-cluster-1");
  auto& split = *source.add_splits();
  split.set_id("orders/0");
  split.set_position(123'456);
  split.set_end_position(-1);
  split.set_watermark_micros(-5);
  split.set_fingerprint(std::string("\x00\x01", 2));
  auto& ended = *source.add_splits();
  ended.set_id("orders/1");
  ended.set_position(10);
  ended.set_end_position(10);
  ended.set_idle(true);
  ended.set_finished(true);
  auto& state = *manifest.add_operators();
  state.set_uid("count");
  state.set_schema_fingerprint("xxh3:0011223344556677");
  state.set_watermark_micros(1'700'000'000'000'000);
  for (uint32_t subtask : {0u, 1u}) {
    auto& handle = *state.add_handles();
    handle.set_first_key_group(subtask * 360);
    handle.set_end_key_group(subtask * 360 + 360);
    handle.set_format("rocksdb-1");
    handle.set_epoch(1042);
    auto& file = *handle.add_files();
    file.set_blob("orders-per-minute/l/state/count/00000000000000001040/sst/99aa06d3014798d86001c324468d497f.sst");
    file.set_size_bytes(4096);
    file.set_checksum("99aa06d3014798d86001c324468d497f");
    file.set_local_name("000012.sst");
    for (uint32_t table : {300u, 1u, 2u}) (*handle.mutable_slice_floors())[table] = -60'000'000;
  }
  auto& sink = *manifest.add_sinks();
  sink.set_uid("out");
  auto& committable = *sink.add_committables();
  committable.set_sealed_epoch(1041);
  committable.set_bytes("staged");
  manifest.set_plan("plan");
  manifest.set_completed_at_ms(1'763'700'000'000);
  manifest.set_final(true);
  return manifest;
}

std::string Encoded(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&out);
  out.Trim();
  return bytes;
}

void ExpectManifest(const std::string& golden, const storage::v1::Manifest& example) {
  auto encoded = EncodeManifest(example);
  ASSERT_TRUE(encoded.ok()) << encoded.status();
  const std::string bytes = GoldenBytes(golden, *encoded);
  EXPECT_EQ(absl::BytesToHexString(*encoded), absl::BytesToHexString(bytes));
  auto decoded = DecodeManifest(bytes, example.pipeline(), example.lineage());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  auto again = EncodeManifest(*decoded);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(absl::BytesToHexString(*again), absl::BytesToHexString(bytes));
}

// Written by older releases.
void ExpectVersionOne(const std::string& golden, storage::v1::Manifest example) {
  auto decoded = DecodeManifest(GoldenBytes(golden, Encoded(example)), example.pipeline(), example.lineage());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(Encoded(*decoded), Encoded(example));
}

TEST(GoldenManifest, BytesOfVersionOneAreReadAsEver) { ExpectVersionOne("manifest_v1.hex", Example()); }

TEST(GoldenManifest, BytesOfVersionTwoAreReadAndWrittenAsEver) { ExpectManifest("manifest_v2.hex", Example()); }

TEST(GoldenManifest, WithTheIdentityOfItsTable) {
  storage::v1::Manifest manifest = Example();
  manifest.mutable_sinks(0)->set_table_id("0f3e6a52-9b1c-4d7e-8a60-5c2b7f9d1e34");
  ExpectVersionOne("manifest_v1_table_id.hex", manifest);
}

TEST(GoldenPipelineRecord, BytesOfVersionOneAreReadAndWrittenAsEver) {
  storage::v1::PipelineRecord record;
  record.set_format_version(1);
  record.set_name("orders-per-minute");
  record.set_lineage("9f1c7f0a-3c55-4c1e-9f0e-2f6f6f0f6a11");
  record.set_generation(3);
  record.set_highest_epoch(1056);
  record.set_completed_epoch(1042);
  record.set_completed_manifest("manifest-1042");
  record.set_committed_epoch(1041);
  record.set_plan("plan");
  record.set_desired(storage::v1::DESIRED_STATE_DRAINING);
  record.set_parallelism(2);
  record.set_create_time_ms(1'763'700'000'000);
  record.set_request_id("request");
  record.set_failure("cause");
  record.set_finished(true);
  *record.add_start_positions() = Example().sources(0);
  record.set_term(7);
  record.add_retained_manifests("manifest-1041");
  record.add_retained_manifests("manifest-1042");
  auto& table = *record.add_tables();
  table.set_uid("out");
  table.set_table_id("0f3e6a52-9b1c-4d7e-8a60-5c2b7f9d1e34");
  const std::string bytes = GoldenBytes("pipeline_record_v1.hex", Encoded(record));
  EXPECT_EQ(absl::BytesToHexString(Encoded(record)), absl::BytesToHexString(bytes));
  storage::v1::PipelineRecord read;
  ASSERT_TRUE(read.ParseFromString(bytes));
  EXPECT_EQ(read.DebugString(), record.DebugString());
}

}  // namespace
}  // namespace millrace
