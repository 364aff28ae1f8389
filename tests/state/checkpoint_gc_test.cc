#include "state/checkpoint_gc.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/memory_blob_store.h"
#include "state/checkpoint_paths.h"

namespace millrace {
namespace {

using storage::v1::Manifest;
using Names = std::vector<std::string>;

std::string State(uint64_t epoch, std::string_view file) {
  return Cat(StatePrefix("p", "l", "op", Epoch(epoch)), "/sst/", file);
}
std::string ManifestOf(uint64_t epoch) { return ManifestName("p", "l", Epoch(epoch), Generation(1)); }

Manifest Retained(uint64_t epoch, const Names& files) {
  Manifest manifest;
  manifest.set_epoch(epoch);
  manifest.set_generation(1);
  auto& handle = *manifest.add_operators()->add_handles();
  for (const std::string& file : files) handle.add_files()->set_blob(file);
  return manifest;
}

TEST(CheckpointGc, EveryBlobHasAClass) {
  const std::vector<Manifest> retained = {Retained(5, {State(2, "base"), State(5, "five")}),
                                          Retained(8, {State(2, "base"), State(8, "eight"), State(7, "gone")})};
  const Names blobs = {ManifestOf(3),      ManifestOf(5),    ManifestOf(8),     State(2, "base"),
                       State(3, "old"),    State(5, "five"), State(8, "eight"), State(8, "unused"),
                       State(9, "flight"), "p/l/README",     ManifestOf(9),     "p/l/state/op/x.sst"};
  GarbagePlan plan = PlanGarbage("p", "l", retained, blobs, Epoch(8));
  EXPECT_EQ(plan.referenced,
            (Names{ManifestOf(5), ManifestOf(8), State(2, "base"), State(5, "five"), State(8, "eight")}));
  EXPECT_EQ(plan.garbage, (Names{ManifestOf(3), State(3, "old")}));
  EXPECT_EQ(plan.recent, (Names{State(8, "unused"), State(9, "flight"), ManifestOf(9)}));
  EXPECT_EQ(plan.unknown, (Names{"p/l/README", "p/l/state/op/x.sst"}));
  EXPECT_EQ(plan.missing, (Names{State(7, "gone")}));
}

TEST(CheckpointGc, WhatADeploymentThatIsOverLeftBehindIsGarbage) {
  const std::vector<Manifest> retained = {Retained(8, {State(8, "eight")})};
  const Names blobs = {ManifestOf(8),     ManifestOf(12),      State(8, "eight"), State(8, "unused"),
                       State(12, "late"), State(17, "flight"), ManifestOf(17)};
  // Epochs 9 to 16 were issued to deployments that a younger generation has ended.
  GarbagePlan plan = PlanGarbage("p", "l", retained, blobs, Epoch(17));
  EXPECT_EQ(plan.garbage, (Names{ManifestOf(12), State(8, "unused"), State(12, "late")}));
  EXPECT_EQ(plan.recent, (Names{State(17, "flight"), ManifestOf(17)}));
}

TEST(CheckpointGc, BeforeTheFirstCompleteCheckpointOnlyOldDeploymentsLeaveGarbage) {
  const Names blobs = {State(1, "a"), ManifestOf(1), State(17, "b")};
  EXPECT_TRUE(PlanGarbage("p", "l", {}, blobs, Epoch(1)).garbage.empty());
  EXPECT_EQ(PlanGarbage("p", "l", {}, blobs, Epoch(17)).garbage, (Names{ManifestOf(1), State(1, "a")}));
}

TEST(CheckpointGc, BlobsOfAnotherLineageAreUnknown) {
  const Names blobs = {ManifestName("p", "other", Epoch(1), Generation(1))};
  EXPECT_EQ(PlanGarbage("p", "l", std::vector{Retained(8, {})}, blobs, Epoch(8)).unknown, blobs);
}

TEST(CheckpointGc, OnlyGarbageIsDeletedAndManifestsFirst) {
  MemoryBlobStore blobs;
  const Names names = {State(3, "old"), State(2, "base"), ManifestOf(3), ManifestOf(8), State(9, "flight")};
  for (const std::string& name : names) ASSERT_TRUE(blobs.Put(name, "x").ok());
  GarbagePlan plan = PlanGarbage("p", "l", std::vector{Retained(8, {State(2, "base")})}, *blobs.List(""), Epoch(8));
  EXPECT_EQ(plan.garbage, (Names{ManifestOf(3), State(3, "old")}));
  auto deleted = DeleteGarbage(blobs, plan, [] { return true; });
  ASSERT_TRUE(deleted.ok());
  EXPECT_EQ(*deleted, 2u);
  EXPECT_EQ(*blobs.List(""), (Names{ManifestOf(8), State(2, "base"), State(9, "flight")}));
}

TEST(CheckpointGc, WhoLosesThePipelineStopsDeleting) {
  MemoryBlobStore blobs;
  GarbagePlan plan;
  for (int i = 0; i < 100; ++i) {
    plan.garbage.push_back(State(1, std::to_string(i)));
    ASSERT_TRUE(blobs.Put(plan.garbage.back(), "x").ok());
  }
  auto never = DeleteGarbage(blobs, plan, [] { return false; });
  EXPECT_EQ(never.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(blobs.List("")->size(), 100u);
  int asked = 0;
  auto lost = DeleteGarbage(blobs, plan, [&] { return ++asked < 3; });
  EXPECT_EQ(lost.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(blobs.List("")->size(), 100u - 32u);
  auto unsure = DeleteGarbage(blobs, plan, []() -> absl::StatusOr<bool> { return Unavailable("metadata store"); });
  EXPECT_EQ(unsure.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(blobs.List("")->size(), 100u - 32u);
}

}  // namespace
}  // namespace millrace
