#include "state/checkpoint_paths.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace millrace {
namespace {

TEST(CheckpointPaths, NamesAreFrozen) {
  EXPECT_EQ(ManifestName("orders", "l1", Epoch(42), Generation(7)),
            "orders/l1/manifests/00000000000000000042-00000000000000000007.pb");
  EXPECT_EQ(StatePrefix("orders", "l1", "count", Epoch(42)), "orders/l1/state/count/00000000000000000042");
  EXPECT_EQ(ManifestName("p", "l", Epoch(UINT64_MAX), Generation(1)),
            "p/l/manifests/18446744073709551615-00000000000000000001.pb");
}

TEST(CheckpointPaths, NamesSaySoWhenTheyAreRead) {
  auto manifest = ParseCheckpointBlob("p", "l", ManifestName("p", "l", Epoch(5), Generation(2)));
  ASSERT_TRUE(manifest.has_value());
  EXPECT_EQ(manifest->kind, CheckpointBlob::Kind::kManifest);
  EXPECT_EQ(manifest->epoch, Epoch(5));
  EXPECT_EQ(manifest->generation, Generation(2));
  std::string name = StatePrefix("p", "l", "op-1", Epoch(9)) + "/sst/abc.sst";
  auto state = ParseCheckpointBlob("p", "l", name);
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->kind, CheckpointBlob::Kind::kState);
  EXPECT_EQ(state->epoch, Epoch(9));
  EXPECT_EQ(state->operator_uid, "op-1");
}

TEST(CheckpointPaths, ForeignNamesAreNotRead) {
  for (const char* name :
       {"p/l/manifests/5-2.pb", "p/l/manifests/00000000000000000005-00000000000000000002.pb.tmp",
        "p/l/manifests/0000000000000000000x-00000000000000000002.pb", "p/l/notes.txt", "p/l/state/op/rows.sst",
        "p/l/state/op/00000000000000000009", "p/l/state/op/00000000000000000009/", "p/l/state//00000000000000000009/x",
        "p/l2/state/op/00000000000000000009/x", "q/l/state/op/00000000000000000009/x",
        "p/l/manifests/99999999999999999999-00000000000000000002.pb", ""}) {
    EXPECT_FALSE(ParseCheckpointBlob("p", "l", name).has_value()) << name;
  }
}

TEST(CheckpointPaths, PartsWithSlashesOrLeadingDotsAreRefused) {
  for (const char* part : {"", "a/b", "..", ".x"}) {
    EXPECT_EQ(CheckPathPart("lineage", part).code(), absl::StatusCode::kInvalidArgument) << part;
  }
  EXPECT_TRUE(CheckPathPart("lineage", "a.b-c_1").ok());
}

}  // namespace
}  // namespace millrace
