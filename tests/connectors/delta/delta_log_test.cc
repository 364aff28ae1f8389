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

DeltaCommit OwnCommit(int64_t number) {
  DeltaCommit commit = AddCommit(number);
  DeltaCommitInfo& info = commit.commit_info.emplace();
  info.txn_id = "t";
  info.digest = "d";
  info.source_positions = R"({"clicks":{"t/0":17}})";
  return commit;
}

TEST(DeltaActions, OfACommitOfOursNoByteCanBeCutOffAndNoBitFlippedUnnoticed) {
  const std::string text = EncodeDeltaCommit(OwnCommit(3));
  ASSERT_TRUE(DecodeDeltaCommit(text, "log/7.json").ok());
  for (size_t size = 0; size + 1 < text.size(); ++size) {  // the end of the last line says nothing
    absl::Status status = DecodeDeltaCommit(text.substr(0, size), "log/7.json").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << size << " of " << text.size();
    EXPECT_THAT(std::string(status.message()), HasSubstr("read log/7.json"));
  }
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    auto read = DecodeDeltaCommit(flipped, "log/7.json");
    if (!read.ok()) continue;
    // The word "checksum" itself was hit: all that counts is as it was.
    ASSERT_TRUE(read->commit_info.has_value()) << "bit " << bit;
    read->commit_info = OwnCommit(3).commit_info;
    EXPECT_EQ(EncodeDeltaCommit(*read), text) << "bit " << bit;
  }
}

TEST(DeltaLog, AMissingCommitIsNotTakenForTheEnd) {
  MemoryBlobStore store;
  DeltaLog log(&store);
  ASSERT_TRUE(log.Append(0, EncodeDeltaCommit(FirstCommit())).ok());
  for (int64_t version = 1; version <= 4; ++version) ASSERT_TRUE(log.Append(version, EncodeDeltaCommit(AddCommit(version))).ok());
  ASSERT_TRUE(store.Delete(DeltaCommitName(2)).ok());
  DeltaSnapshot snapshot;
  absl::Status status = log.Refresh(&snapshot);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr(Cat(DeltaCommitName(2), " is missing, although version 4 is there")));
}

TEST(DeltaLog, ADamagedCheckpointIsNoLossWhileTheLogIsThere) {
  MemoryBlobStore store;
  DeltaLog log(&store);
  ASSERT_TRUE(log.Append(0, EncodeDeltaCommit(FirstCommit())).ok());
  for (int64_t version = 1; version <= 5; ++version) ASSERT_TRUE(log.Append(version, EncodeDeltaCommit(AddCommit(version))).ok());
  DeltaSnapshot whole;
  ASSERT_TRUE(log.Refresh(&whole).ok());
  ASSERT_TRUE(log.WriteCheckpoint(whole, 0).ok());
  const std::string checkpoint = *store.Get(DeltaCheckpointName(5));
  for (bool log_is_there : {true, false}) {
    if (!log_is_there) {
      for (int64_t version = 0; version <= 5; ++version) ASSERT_TRUE(store.Delete(DeltaCommitName(version)).ok());
    }
    for (size_t bit = 0; bit < checkpoint.size() * 8; bit += 97) {
      std::string damaged = checkpoint;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
      if (bit % 2 == 1) damaged.resize(bit / 8);
      ASSERT_TRUE(store.Put(DeltaCheckpointName(5), damaged).ok());
      DeltaSnapshot read;
      absl::Status status = log.Refresh(&read);
      if (log_is_there) {
        ASSERT_TRUE(status.ok()) << status;
        EXPECT_EQ(read.txns.at("app").version, 5);
        EXPECT_EQ(read.files.size(), 5u);
      } else {
        EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
        EXPECT_THAT(std::string(status.message()), HasSubstr(Cat("read ", DeltaCheckpointName(5), ": its ", damaged.size(), " bytes have checksum")));
      }
    }
  }
}

TEST(DeltaLog, ADamagedHintLeadsNowhere) {
  MemoryBlobStore store;
  DeltaLog log(&store);
  ASSERT_TRUE(log.Append(0, EncodeDeltaCommit(FirstCommit())).ok());
  for (int64_t version = 1; version <= 5; ++version) ASSERT_TRUE(log.Append(version, EncodeDeltaCommit(AddCommit(version))).ok());
  DeltaSnapshot whole;
  ASSERT_TRUE(log.Refresh(&whole).ok());
  ASSERT_TRUE(log.WriteCheckpoint(whole, 0).ok());
  const std::string hint = *store.Get("_delta_log/_last_checkpoint");
  for (size_t bit = 0; bit < hint.size() * 8; ++bit) {
    std::string flipped = hint;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    ASSERT_TRUE(store.Put("_delta_log/_last_checkpoint", flipped).ok());
    DeltaSnapshot read;
    absl::Status status = log.Refresh(&read);
    ASSERT_TRUE(status.ok()) << "bit " << bit << " " << status;
    EXPECT_EQ(read.version, 5);
    EXPECT_EQ(read.files.size(), 5u);
  }
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
