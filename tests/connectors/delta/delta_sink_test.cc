#include "connectors/delta/delta_sink.h"

#include <gmock/gmock.h>

#include <set>

#include "base/memory_blob_store.h"
#include "connectors/delta/delta_catalog.h"
#include "connectors/delta/delta_committer.h"
#include "millrace/storage/v1/delta_committable.pb.h"
#include "tests/connectors/delta/delta_test_support.h"

namespace millrace {
namespace {

std::shared_ptr<arrow::Schema> Ids() { return arrow::schema({arrow::field("id", arrow::int64(), false)}); }

// 64 rows are 512 bytes.
std::shared_ptr<arrow::RecordBatch> RowsFrom(int64_t first, int64_t num_rows = 64) {
  arrow::Int64Builder builder;
  for (int64_t id = first; id < first + num_rows; ++id) EXPECT_TRUE(builder.Append(id).ok());
  return arrow::RecordBatch::Make(Ids(), num_rows, {*builder.Finish()});
}

class DeltaSinkTest : public testing::Test {
 protected:
  static constexpr uint64_t kBufferBytes = 1024;  // two batches

  std::unique_ptr<DeltaSink> MakeSink(uint64_t generation = 1) {
    DeltaSinkOptions options;
    options.identity = identity_;
    options.schema = Ids();
    options.generation = Generation(generation);
    options.buffer_bytes = kBufferBytes;
    options.memory = memory_;
    return std::make_unique<DeltaSink>(std::move(options), store_, &clock_);
  }
  // As the engine does: after every batch.
  void WriteAndTake(DeltaSink& sink, int64_t first, int num_batches) {
    for (int i = 0; i < num_batches; ++i) {
      ASSERT_TRUE(sink.Write(*RowsFrom(first + 64 * i)).ok());
      while (auto part = sink.TakePart(false)) ASSERT_TRUE(part->Persist().ok());
    }
  }
  storage::v1::DeltaCommittable SealAndPersist(DeltaSink& sink, uint64_t epoch) {
    auto staged = sink.Seal(Epoch(epoch));
    EXPECT_TRUE(staged.ok());
    return Persist(**staged);
  }
  storage::v1::DeltaCommittable Persist(StagedEpoch& staged) {
    auto bytes = staged.Persist();
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    storage::v1::DeltaCommittable committable;
    EXPECT_TRUE(committable.ParseFromString(*bytes));
    return committable;
  }
  absl::StatusOr<CommitReceipt> Commit(uint64_t epoch, const storage::v1::DeltaCommittable& files,
                                       uint64_t generation = 1) {
    DeltaCommitterOptions options;
    options.identity = identity_;
    options.schema = Ids();
    options.table_path = "memory";
    auto committable = CommittableOf(Epoch(epoch), files.SerializeAsString());
    return DeltaCommitter(options, store_, &clock_)
        .Commit({Generation(generation), Epoch(epoch), std::span(&committable, 1), {}});
  }
  static int64_t NumRows(const storage::v1::DeltaCommittable& files) {
    int64_t rows = 0;
    for (const auto& file : files.files()) rows += file.num_rows();
    return rows;
  }
  size_t NumDataFiles() { return store_->List("part-")->size(); }
  // Numbers of add actions by version of the log.
  std::vector<int> AddsByVersion() {
    std::vector<int> adds;
    const std::vector<std::string> names = *store_->List("_delta_log/");
    for (const std::string& name : names) {
      const std::string log = *store_->Get(name);
      int& count = adds.emplace_back(0);
      for (size_t at = log.find("{\"add\""); at != std::string::npos; at = log.find("{\"add\"", at + 1)) ++count;
    }
    return adds;
  }
  void CreateTable() {
    DeltaCatalogOptions catalog{"memory", Ids(), {}, true, false};
    ASSERT_TRUE(DeltaCatalog(std::move(catalog), store_, &clock_).Prepare(identity_, "").ok());
  }

  const FixedClock clock_;
  const CommitIdentity identity_ = {"orders", "sink", "life1"};
  const std::shared_ptr<MemoryBlobStore> store_ = std::make_shared<MemoryBlobStore>();
  const std::shared_ptr<MemoryAccount> memory_ = MemoryAccount::Make();
};

TEST_F(DeltaSinkTest, AnEpochOfManyFilesIsOneCommit) {
  CreateTable();
  auto sink = MakeSink();
  WriteAndTake(*sink, 0, 11);
  EXPECT_EQ(NumDataFiles(), 5u) << "full buffers are written while the epoch goes on";
  storage::v1::DeltaCommittable files = SealAndPersist(*sink, 1);
  EXPECT_EQ(files.files_size(), 6);
  EXPECT_EQ(NumRows(files), 11 * 64);
  auto receipt = Commit(1, files);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->num_rows, 11u * 64);
  EXPECT_THAT(AddsByVersion(), testing::ElementsAre(0, 6));
}

TEST_F(DeltaSinkTest, WhatNobodyTookIsWrittenWithTheEpoch) {
  auto sink = MakeSink();
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(sink->Write(*RowsFrom(64 * i)).ok());
  EXPECT_EQ(NumDataFiles(), 0u);
  storage::v1::DeltaCommittable files = SealAndPersist(*sink, 1);
  EXPECT_EQ(NumRows(files), 7 * 64);
  EXPECT_EQ(files.files_size(), 4);
}

TEST_F(DeltaSinkTest, ABarrierBehindTheLastPartStillSealsIt) {
  auto sink = MakeSink();
  WriteAndTake(*sink, 0, 2);
  storage::v1::DeltaCommittable files = SealAndPersist(*sink, 1);
  EXPECT_EQ(NumRows(files), 128);
  EXPECT_EQ(*sink->Seal(Epoch(2)), nullptr) << "and the next epoch has nothing";
}

TEST_F(DeltaSinkTest, APartBelongsToTheEpochThatSealsIt) {
  auto sink = MakeSink();
  WriteAndTake(*sink, 0, 3);
  auto first = *sink->Seal(Epoch(1));
  // Taken before the epoch in front of it is written, written behind it.
  ASSERT_TRUE(sink->Write(*RowsFrom(1000)).ok());
  auto part = sink->TakePart(/*all=*/true);
  ASSERT_NE(part, nullptr);
  auto second = *sink->Seal(Epoch(3));
  EXPECT_EQ(NumRows(Persist(*first)), 3 * 64);
  ASSERT_TRUE(part->Persist().ok());
  EXPECT_EQ(NumRows(Persist(*second)), 64);
}

TEST_F(DeltaSinkTest, UnderPressureWhateverIsThereIsTaken) {
  auto sink = MakeSink();
  EXPECT_EQ(sink->TakePart(true), nullptr);
  ASSERT_TRUE(sink->Write(*RowsFrom(0, 1)).ok());
  EXPECT_EQ(sink->TakePart(false), nullptr);
  auto part = sink->TakePart(true);
  ASSERT_NE(part, nullptr);
  EXPECT_EQ(sink->TakePart(true), nullptr);
}

// A path that two parts share would be one file: the rows of the other would be lost.
TEST_F(DeltaSinkTest, EqualPartsAreDifferentFiles) {
  auto sink = MakeSink();
  for (int epoch = 1; epoch <= 2; ++epoch) {
    for (int i = 0; i < 3; ++i) WriteAndTake(*sink, 0, 2);
    ASSERT_TRUE(sink->Write(*RowsFrom(0)).ok());
    storage::v1::DeltaCommittable files = SealAndPersist(*sink, static_cast<uint64_t>(epoch));
    std::set<std::string> paths;
    for (const auto& file : files.files()) paths.insert(file.path());
    EXPECT_EQ(paths.size(), 4u);
    EXPECT_EQ(NumDataFiles(), 4u * static_cast<size_t>(epoch));
  }
}

TEST_F(DeltaSinkTest, FilesOfASubtaskThatDiedBetweenThemStayInvisible) {
  CreateTable();
  {
    auto dying = MakeSink(1);
    WriteAndTake(*dying, 0, 5);
  }
  ASSERT_EQ(NumDataFiles(), 2u);
  // The same rows again, under the next generation.
  auto sink = MakeSink(2);
  WriteAndTake(*sink, 0, 5);
  storage::v1::DeltaCommittable files = SealAndPersist(*sink, 1);
  EXPECT_EQ(files.files_size(), 3);
  auto receipt = Commit(1, files, 2);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->num_rows, 5u * 64);
  EXPECT_THAT(AddsByVersion(), testing::ElementsAre(0, 3));
  EXPECT_EQ(NumDataFiles(), 5u) << "the dead one's are for VACUUM";
}

TEST_F(DeltaSinkTest, RowsAreBuffersThenSnapshotsThenNothing) {
  auto used = [&](MemoryKind kind) { return memory_->used(kind); };
  auto sink = MakeSink();
  ASSERT_TRUE(sink->Write(*RowsFrom(0)).ok());
  EXPECT_EQ(used(MemoryKind::kBuffers), 512u);
  ASSERT_TRUE(sink->Write(*RowsFrom(64)).ok());
  EXPECT_EQ(used(MemoryKind::kBuffers), 0u);
  EXPECT_EQ(used(MemoryKind::kSnapshots), 1024u);
  EXPECT_EQ(sink->buffered_bytes(), 1024u);
  auto part = sink->TakePart(false);
  ASSERT_TRUE(part->Persist().ok());
  EXPECT_EQ(used(MemoryKind::kSnapshots), 0u);
  ASSERT_TRUE(sink->Write(*RowsFrom(128)).ok());
  auto staged = *sink->Seal(Epoch(1));
  EXPECT_EQ(used(MemoryKind::kBuffers), 0u);
  EXPECT_EQ(used(MemoryKind::kSnapshots), 512u);
  staged = nullptr;
  ASSERT_TRUE(sink->Write(*RowsFrom(256)).ok());
  ASSERT_TRUE(sink->Write(*RowsFrom(320)).ok());
  sink = nullptr;
  for (MemoryKind kind : {MemoryKind::kBuffers, MemoryKind::kSnapshots}) EXPECT_EQ(used(kind), 0u);
  EXPECT_EQ(memory_->peak(MemoryKind::kSnapshots), 1024u);
}

}  // namespace
}  // namespace millrace
