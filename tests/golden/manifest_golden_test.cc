#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "base/error.h"
#include "state/checkpoint_manifest.h"

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

TEST(GoldenManifest, BytesOfVersionOneAreReadAndWrittenAsEver) {
  std::ifstream file(MILLRACE_SOURCE_DIR "/tests/golden/manifest_v1.hex");
  ASSERT_TRUE(file) << "tests/golden/manifest_v1.hex is missing";
  std::stringstream text;
  text << file.rdbuf();
  std::string hex;
  for (char c : text.str()) {
    if (!absl::ascii_isspace(static_cast<unsigned char>(c))) hex.push_back(c);
  }
  std::string bytes = absl::HexStringToBytes(hex);
  storage::v1::Manifest example = Example();
  auto decoded = DecodeManifest(bytes, example.pipeline(), example.lineage());
  auto encoded = EncodeManifest(example);
  ASSERT_TRUE(encoded.ok()) << encoded.status();
  ASSERT_TRUE(decoded.ok()) << decoded.status() << "\nencoded: " << absl::BytesToHexString(*encoded);
  auto again = EncodeManifest(*decoded);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(absl::BytesToHexString(*again), hex);
  EXPECT_EQ(absl::BytesToHexString(*encoded), hex);
}

}  // namespace
}  // namespace millrace
