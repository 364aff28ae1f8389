#include "state/checkpoint_manifest.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"
#include "base/memory_blob_store.h"
#include "state/checkpoint_paths.h"

namespace millrace {
namespace {

using storage::v1::Manifest;

void AddHandle(storage::v1::OperatorState& state, uint32_t first, uint32_t end) {
  auto& handle = *state.add_handles();
  handle.set_first_key_group(first);
  handle.set_end_key_group(end);
  handle.set_format("memory-1");
  handle.set_epoch(3);
  auto& file = *handle.add_files();
  file.set_blob("p/l/state/count/x");
  file.set_size_bytes(1);
  file.set_checksum(std::string(32, 'a'));
  file.set_local_name("rows");
}

Manifest Valid() {
  Manifest manifest;
  manifest.set_pipeline("p");
  manifest.set_lineage("l");
  manifest.set_generation(2);
  manifest.set_epoch(3);
  manifest.set_num_key_groups(720);
  manifest.set_parallelism(2);
  auto& state = *manifest.add_operators();
  state.set_uid("count");
  state.set_schema_fingerprint("f1");
  AddHandle(state, 360, 720);
  AddHandle(state, 0, 360);
  auto& source = *manifest.add_sources();
  source.set_uid("src");
  source.add_splits()->set_id("t/0");
  auto& sink = *manifest.add_sinks();
  sink.set_uid("out");
  sink.add_committables()->set_sealed_epoch(2);
  return manifest;
}

// The bytes of a manifest that EncodeManifest would refuse.
std::string RawBytes(Manifest manifest) {
  manifest.set_format_version(1);
  return manifest.SerializeAsString();
}

bool Says(const absl::Status& status, std::string_view part) {
  return StdView(status.message()).find(part) != std::string_view::npos;
}

TEST(CheckpointManifest, ComesBackAsItWas) {
  auto bytes = EncodeManifest(Valid());
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  auto manifest = DecodeManifest(*bytes, "p", "l");
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  Manifest expected = Valid();
  expected.set_format_version(kManifestFormatVersion);
  EXPECT_EQ(manifest->SerializeAsString(), expected.SerializeAsString());
}

TEST(CheckpointManifest, WhatIsWrongIsNeitherWrittenNorRead) {
  struct Case {
    const char* says;
    std::function<void(Manifest&)> spoil;
  };
  const std::vector<Case> cases = {
      {"lineage", [](Manifest& m) { m.set_lineage("../l"); }},
      {"epoch", [](Manifest& m) { m.set_epoch(0); }},
      {"generation", [](Manifest& m) { m.set_generation(0); }},
      {"719 key groups", [](Manifest& m) { m.set_num_key_groups(719); }},
      {"operator count", [](Manifest& m) { m.mutable_operators(0)->mutable_handles(0)->set_first_key_group(361); }},
      {"operator count", [](Manifest& m) { m.mutable_operators(0)->mutable_handles(0)->set_first_key_group(359); }},
      {"operator count", [](Manifest& m) { m.mutable_operators(0)->mutable_handles(0)->set_end_key_group(719); }},
      {"operator count", [](Manifest& m) { m.mutable_operators(0)->mutable_handles()->RemoveLast(); }},
      {"operator count", [](Manifest& m) { m.mutable_operators(0)->clear_handles(); }},
      {"format", [](Manifest& m) { m.mutable_operators(0)->mutable_handles(0)->clear_format(); }},
      {"epoch 4", [](Manifest& m) { m.mutable_operators(0)->mutable_handles(0)->set_epoch(4); }},
      {"checksum",
       [](Manifest& m) { m.mutable_operators(0)->mutable_handles(0)->mutable_files(0)->set_checksum("aa"); }},
      {"count", [](Manifest& m) { *m.add_operators() = m.operators(0); }},
      {"src", [](Manifest& m) { *m.add_sources() = m.sources(0); }},
      {"t/0", [](Manifest& m) { m.mutable_sources(0)->add_splits()->set_id("t/0"); }},
      {"out", [](Manifest& m) { *m.add_sinks() = m.sinks(0); }},
      {"epoch 4", [](Manifest& m) { m.mutable_sinks(0)->mutable_committables(0)->set_sealed_epoch(4); }},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    Manifest manifest = Valid();
    cases[i].spoil(manifest);
    auto encoded = EncodeManifest(manifest);
    EXPECT_EQ(encoded.status().code(), absl::StatusCode::kInternal) << i;
    EXPECT_TRUE(Says(encoded.status(), cases[i].says)) << encoded.status();
    auto decoded = DecodeManifest(RawBytes(manifest), "p", manifest.lineage());
    EXPECT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss) << i;
    EXPECT_TRUE(Says(decoded.status(), cases[i].says)) << decoded.status();
  }
}

TEST(CheckpointManifest, AnotherVersionPipelineOrLineageIsRefused) {
  Manifest newer = Valid();
  newer.set_format_version(3);
  EXPECT_EQ(DecodeManifest(newer.SerializeAsString(), "p", "l").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(DecodeManifest(Valid().SerializeAsString(), "p", "l").status().code(),
            absl::StatusCode::kFailedPrecondition);
  std::string bytes = *EncodeManifest(Valid());
  EXPECT_EQ(DecodeManifest(bytes, "q", "l").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(DecodeManifest(bytes, "p", "l2").status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(CheckpointManifest, UnknownFieldsAreRefusedAtAnyDepth) {
  Manifest top = Valid();
  top.GetReflection()->MutableUnknownFields(&top)->AddVarint(99, 1);
  auto decoded = DecodeManifest(RawBytes(top), "p", "l");
  EXPECT_EQ(decoded.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Says(decoded.status(), "Manifest field 99")) << decoded.status();
  Manifest deep = Valid();
  auto* file = deep.mutable_operators(0)->mutable_handles(1)->mutable_files(0);
  file->GetReflection()->MutableUnknownFields(file)->AddVarint(7, 1);
  decoded = DecodeManifest(RawBytes(deep), "p", "l");
  EXPECT_TRUE(Says(decoded.status(), "SnapshotFile field 7")) << decoded.status();
}

TEST(CheckpointManifest, BytesThatAreNoManifestAreDataLoss) {
  std::string bytes = *EncodeManifest(Valid());
  EXPECT_EQ(DecodeManifest(bytes.substr(0, bytes.size() - 1), "p", "l").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(DecodeManifest("garbage", "p", "l").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(DecodeManifest("", "p", "l").status().code(), absl::StatusCode::kDataLoss);
}

TEST(CheckpointManifest, NoByteCanBeCutOffAndNoBitFlippedUnnoticed) {
  const std::string bytes = *EncodeManifest(Valid());
  for (size_t size = 0; size < bytes.size(); ++size) {
    auto decoded = DecodeManifest(bytes.substr(0, size), "p", "l");
    EXPECT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss) << size << " of " << bytes.size();
  }
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(DecodeManifest(flipped, "p", "l").ok()) << "bit " << bit;
  }
}

TEST(CheckpointManifest, AnotherCheckpointUnderTheNameIsDataLoss) {
  MemoryBlobStore blobs;
  const std::string name = ManifestName("p", "l", Epoch(9), Generation(2));
  ASSERT_TRUE(blobs.Put(name, *EncodeManifest(Valid())).ok());
  auto read = GetManifest(blobs, name, "p", "l");
  EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(Says(read.status(), "it is that of epoch 3")) << read.status();
}

TEST(CheckpointManifest, AMismatchOfStateIsRefusedByOperatorName) {
  EXPECT_TRUE(CheckFingerprints(Valid(), {{"count", "f1"}}).ok());
  for (const std::map<std::string, std::string>& expected :
       {std::map<std::string, std::string>{{"count", "f2"}}, {}, {{"count", "f1"}, {"join", "f3"}}}) {
    absl::Status status = CheckFingerprints(Valid(), expected);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(Says(status, expected.contains("join") ? "join" : "count")) << status;
  }
}

// Does what it is told, and then loses the answer.
class LostAnswers final : public BlobStore {
 public:
  absl::StatusOr<std::string> Get(std::string_view name) override { return blobs_.Get(name); }
  absl::Status Put(std::string_view name, std::string_view bytes) override { return blobs_.Put(name, bytes); }
  absl::StatusOr<PutResult> PutIfAbsent(std::string_view name, std::string_view bytes) override {
    if (stores) blobs_.PutIfAbsent(name, bytes).IgnoreError();
    return Unavailable("the connection broke");
  }
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override { return blobs_.List(prefix); }
  absl::Status Delete(std::string_view name) override { return blobs_.Delete(name); }
  absl::StatusOr<int64_t> Size(std::string_view name) override { return blobs_.Size(name); }
  bool stores = true;

 private:
  MemoryBlobStore blobs_;
};

TEST(CheckpointManifest, PuttingTwiceIsOncePuttingAnotherIsAborted) {
  MemoryBlobStore blobs;
  auto name = PutManifest(blobs, Valid());
  ASSERT_TRUE(name.ok()) << name.status();
  EXPECT_EQ(*PutManifest(blobs, Valid()), *name);
  Manifest other = Valid();
  other.set_completed_at_ms(1);
  EXPECT_EQ(PutManifest(blobs, other).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(GetManifest(blobs, *name, "p", "l")->completed_at_ms(), 0);
  EXPECT_EQ(GetManifest(blobs, "p/l/manifests/none", "p", "l").status().code(), absl::StatusCode::kDataLoss);
}

TEST(CheckpointManifest, ALostAnswerIsReadBack) {
  LostAnswers blobs;
  EXPECT_TRUE(PutManifest(blobs, Valid()).ok());
  LostAnswers empty;
  empty.stores = false;
  EXPECT_EQ(PutManifest(empty, Valid()).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace millrace
