#include "connectors/delta/delta_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/memory_blob_store.h"
#include "connectors/delta/delta_checkpoint.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;

DeltaCommit FirstCommit() {
  DeltaCommit commit;
  commit.protocol = DeltaProtocol{3, 7, std::vector<std::string>{"timestampNtz"},
                                  std::vector<std::string>{"timestampNtz", "appendOnly"}};
  commit.metadata =
      DeltaMetadata{"id-1", "name", std::nullopt, R"({"type":"struct","fields":[]})", {"day"}, {{"k", "v\n"}}, 17};
  return commit;
}

DeltaCommit AddCommit(int64_t number) {
  DeltaCommit commit;
  commit.txns = {{"app", number, number * 10}, {"other \"app\"", number, std::nullopt}};
  commit.adds = {
      {Cat("f", number), {{"day", "2026-11-21"}, {"none", std::nullopt}}, number, 99, true, R"({"numRecords":1})"}};
  return commit;
}

TEST(DeltaActions, ACommitReadsBackAsItWasWritten) {
  DeltaCommit commit = AddCommit(3);
  commit.protocol = FirstCommit().protocol;
  commit.metadata = FirstCommit().metadata;
  commit.removes = {{"gone", 5, true, true, {{"day", std::nullopt}}, 7}};
  DeltaCommitInfo& info = commit.commit_info.emplace();
  info.txn_id = "t";
  info.digest = "d";
  info.epoch = 18446744073709551615u;
  std::string text = EncodeDeltaCommit(commit);
  EXPECT_EQ(text.find("{\"commitInfo\""), 0u);
  auto read = DecodeDeltaCommit(text, "test");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->commit_info->epoch, info.epoch);
  read->commit_info = info;
  EXPECT_EQ(EncodeDeltaCommit(*read), text);
}

TEST(DeltaActions, ADamagedLineIsDataLossByNumber) {
  for (const char* text :
       {"{\"add\":{\"path\":\"a\",\"size\":1}}\n{\"txn\":", "{}\n{\"txn\":{\"appId\":\"a\"}}", "\n[1]"}) {
    auto read = DecodeDeltaCommit(text, "log/7.json");
    EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss) << text;
    EXPECT_THAT(std::string(read.status().message()), HasSubstr("read log/7.json: line 2"));
  }
}

TEST(DeltaActions, UnknownFeaturesAndVersionsAreRefusedByName) {
  EXPECT_TRUE(CheckProtocol({1, 2, std::nullopt, std::nullopt}).ok());
  EXPECT_TRUE(CheckProtocol(*FirstCommit().protocol).ok());
  absl::Status status =
      CheckProtocol({3, 7, std::vector<std::string>{"deletionVectors"}, std::vector<std::string>{"appendOnly"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("deletionVectors"));
  EXPECT_THAT(std::string(CheckProtocol({1, 4, std::nullopt, std::nullopt}).message()), HasSubstr("writer 4"));
}

TEST(DeltaLog, ReplayFollowsAddsRemovesAndMarkers) {
  MemoryBlobStore store;
  DeltaLog log(&store);
  DeltaSnapshot snapshot;
  EXPECT_TRUE(absl::IsNotFound(log.Refresh(&snapshot)));
  ASSERT_EQ(*log.Append(0, EncodeDeltaCommit(FirstCommit())), PutResult::kCreated);
  ASSERT_EQ(*log.Append(1, EncodeDeltaCommit(AddCommit(1))), PutResult::kCreated);
  ASSERT_TRUE(log.Refresh(&snapshot).ok());
  EXPECT_EQ(snapshot.version, 1);
  EXPECT_EQ(*log.Append(1, "late"), PutResult::kAlreadyExists);
  DeltaCommit second = AddCommit(2);
  second.removes = {{"f1", 5, true, false, {}, std::nullopt}};
  ASSERT_TRUE(log.Append(2, EncodeDeltaCommit(second)).ok());
  ASSERT_TRUE(log.Refresh(&snapshot).ok());
  EXPECT_EQ(snapshot.version, 2);
  EXPECT_EQ(snapshot.files.size(), 1u);
  EXPECT_EQ(snapshot.tombstones.size(), 1u);
  EXPECT_EQ(snapshot.txns.at("app").version, 2);
}

TEST(DeltaLog, ACheckpointStandsForTheLogBeforeIt) {
  MemoryBlobStore store;
  DeltaLog log(&store);
  ASSERT_TRUE(log.Append(0, EncodeDeltaCommit(FirstCommit())).ok());
  for (int64_t version = 1; version <= 5; ++version)
    ASSERT_TRUE(log.Append(version, EncodeDeltaCommit(AddCommit(version))).ok());
  DeltaSnapshot whole;
  ASSERT_TRUE(log.Refresh(&whole).ok());
  whole.tombstones["old"] = {"old", 1000, true, true, {{"day", "x"}}, 3};
  whole.tombstones["young"] = {"young", 700'000'000, true, true, {{"day", std::nullopt}}, 3};
  // A week and 100 s.
  ASSERT_TRUE(log.WriteCheckpoint(whole, 604'900'000).ok());
  for (int64_t version = 0; version <= 5; ++version) ASSERT_TRUE(store.Delete(DeltaCommitName(version)).ok());
  ASSERT_TRUE(log.Append(6, EncodeDeltaCommit(AddCommit(6))).ok());
  for (bool with_pointer : {true, false}) {
    if (!with_pointer) {
      ASSERT_TRUE(store.Delete("_delta_log/_last_checkpoint").ok());
    }
    DeltaSnapshot read;
    absl::Status status = log.Refresh(&read);
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(read.version, 6);
    EXPECT_EQ(read.files.size(), 6u);
    EXPECT_EQ(read.files.at("f2").partition_values, AddCommit(2).adds[0].partition_values);
    EXPECT_EQ(read.files.at("f2").stats, AddCommit(2).adds[0].stats);
    EXPECT_EQ(read.txns.at("other \"app\"").version, 6);
    EXPECT_EQ(read.metadata.configuration, whole.metadata.configuration);
    EXPECT_EQ(read.metadata.partition_columns, whole.metadata.partition_columns);
    EXPECT_EQ(read.protocol.writer_features, whole.protocol.writer_features);
    EXPECT_EQ(read.tombstones.count("old"), 0u);
    EXPECT_EQ(read.tombstones.at("young").partition_values, whole.tombstones.at("young").partition_values);
    EXPECT_EQ(read.checkpoint_version, 5);
  }
}

TEST(DeltaLog, AReaderThatSleptThroughACleanupStartsAtTheCheckpoint) {
  MemoryBlobStore store;
  DeltaLog log(&store);
  ASSERT_TRUE(log.Append(0, EncodeDeltaCommit(FirstCommit())).ok());
  DeltaSnapshot sleeper;
  ASSERT_TRUE(log.Refresh(&sleeper).ok());
  for (int64_t version = 1; version <= 3; ++version)
    ASSERT_TRUE(log.Append(version, EncodeDeltaCommit(AddCommit(version))).ok());
  DeltaSnapshot whole;
  ASSERT_TRUE(log.Refresh(&whole).ok());
  ASSERT_TRUE(log.WriteCheckpoint(whole, 0).ok());
  for (int64_t version = 0; version <= 3; ++version) ASSERT_TRUE(store.Delete(DeltaCommitName(version)).ok());
  ASSERT_TRUE(log.Refresh(&sleeper).ok());
  EXPECT_EQ(sleeper.version, 3);
  EXPECT_EQ(sleeper.files.size(), 3u);
}

TEST(DeltaLog, AHoleWithoutACheckpointIsDataLoss) {
  MemoryBlobStore store;
  DeltaLog log(&store);
  ASSERT_TRUE(log.Append(1, EncodeDeltaCommit(AddCommit(1))).ok());
  DeltaSnapshot snapshot;
  EXPECT_EQ(log.Refresh(&snapshot).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace millrace
