#include "state/rocksdb_backend.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/memory_blob_store.h"
#include "base/random.h"
#include "state/state_key.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

constexpr KeyGroupRange kAll{0, kNumKeyGroups};

// Fails the next writes, as a store that is away does.
class UnavailableOnce final : public BlobStore {
 public:
  int failures = 0;
  absl::StatusOr<std::string> Get(std::string_view name) override { return blobs_.Get(name); }
  absl::Status Put(std::string_view name, std::string_view bytes) override { return blobs_.Put(name, bytes); }
  absl::StatusOr<PutResult> PutIfAbsent(std::string_view name, std::string_view bytes) override {
    if (failures > 0) {
      --failures;
      return Unavailable("put ", name);
    }
    return blobs_.PutIfAbsent(name, bytes);
  }
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override { return blobs_.List(prefix); }
  absl::Status Delete(std::string_view name) override { return blobs_.Delete(name); }
  absl::StatusOr<int64_t> Size(std::string_view name) override { return blobs_.Size(name); }

 private:
  MemoryBlobStore blobs_;
};

class RocksDbStateBackendTest : public testing::Test {
 protected:
  RocksDbStateBackendTest() {
    RocksDbOptions options;
    options.root = root_;
    options.memtable_bytes = 64 << 10;
    options.file_bytes = 64 << 10;
    options.write_buffer_bytes = 1 << 20;
    options.block_cache_bytes = 1 << 20;
    auto factory = RocksDbStateBackendFactory::Open(options);
    EXPECT_TRUE(factory.ok()) << factory.status();
    factory_ = std::move(*factory);
  }
  ~RocksDbStateBackendTest() override { fs::remove_all(root_); }

  std::unique_ptr<StateBackend> Make(std::string_view name) {
    auto backend = factory_->Make(name);
    EXPECT_TRUE(backend.ok()) << backend.status();
    return std::move(*backend);
  }
  // Rows that do not compress, so that sizes mean something.
  absl::Status Fill(StateBackend& backend, KeyGroup group, Slice slice, int num_rows) {
    std::vector<std::string> keys, values;
    for (int i = 0; i < num_rows; ++i) {
      keys.push_back(EncodeStateKey({group, 1, slice, Cat(100'000 + i)}));
      std::string value;
      while (value.size() < 200) value.append(random_.Uuid());
      values.push_back(value);
    }
    std::vector<StateWrite> writes;
    for (size_t i = 0; i < keys.size(); ++i) writes.push_back({keys[i], values[i]});
    return backend.Write(writes);
  }

  const std::string root_ = Cat(testing::TempDir(), "millrace-rocksdb-", getpid(), "-",
                                testing::UnitTest::GetInstance()->current_test_info()->name());
  Random random_{7};
  UnavailableOnce blobs_;
  std::unique_ptr<RocksDbStateBackendFactory> factory_;
};

TEST_F(RocksDbStateBackendTest, ASecondSnapshotUploadsOnlyWhatIsNewAlsoAfterARestore) {
  auto backend = Make("a");
  ASSERT_TRUE(Fill(*backend, 1, 0, 5000).ok());
  ASSERT_TRUE(backend->Snapshot(Epoch(1), kAll, blobs_, "e1").ok());
  uint64_t first = backend->uploaded_bytes();
  ASSERT_GT(first, 1'000'000u);
  ASSERT_TRUE(Fill(*backend, 2, 0, 50).ok());
  auto handle = backend->Snapshot(Epoch(2), kAll, blobs_, "e2");
  ASSERT_TRUE(handle.ok());
  EXPECT_LT(backend->uploaded_bytes() - first, first / 10);

  auto restored = Make("b");
  ASSERT_TRUE(restored->Restore(std::vector{*handle}, kAll, blobs_).ok());
  ASSERT_TRUE(Fill(*restored, 3, 0, 50).ok());
  ASSERT_TRUE(restored->Snapshot(Epoch(3), kAll, blobs_, "e3").ok());
  EXPECT_LT(restored->uploaded_bytes(), first / 10);
}

TEST_F(RocksDbStateBackendTest, CompactionTakesExpiredRowsOffTheDisk) {
  auto made = Make("a");
  auto& backend = static_cast<RocksDbStateBackend&>(*made);
  ASSERT_TRUE(Fill(backend, 1, 10, 4000).ok());
  ASSERT_TRUE(Fill(backend, 1, 20, 100).ok());
  ASSERT_TRUE(backend.CompactAll().ok());
  uint64_t before = *backend.LiveFileBytes();
  ASSERT_GT(before, 500'000u);
  ASSERT_TRUE(backend.RaiseSliceFloor(1, 20).ok());
  ASSERT_TRUE(backend.CompactAll().ok());
  EXPECT_LT(*backend.LiveFileBytes(), before / 10);
  int rows = 0;
  ASSERT_TRUE(backend.Scan(1, 1, 0, 100, [&](auto, auto) { return ++rows > 0; }).ok());
  EXPECT_EQ(rows, 100);
}

TEST_F(RocksDbStateBackendTest, ASnapshotThatCouldNotUploadIsTakenAgain) {
  auto backend = Make("a");
  ASSERT_TRUE(Fill(*backend, 1, 0, 2000).ok());
  blobs_.failures = 1;
  EXPECT_EQ(backend->Snapshot(Epoch(1), kAll, blobs_, "e1").status().code(), absl::StatusCode::kUnavailable);
  auto handle = backend->Snapshot(Epoch(2), kAll, blobs_, "e2");
  ASSERT_TRUE(handle.ok()) << handle.status();
  auto restored = Make("b");
  ASSERT_TRUE(restored->Restore(std::vector{*handle}, kAll, blobs_).ok());
  int rows = 0;
  ASSERT_TRUE(restored->Scan(1, 1, 0, 1, [&](auto, auto) { return ++rows > 0; }).ok());
  EXPECT_EQ(rows, 2000);
}

TEST_F(RocksDbStateBackendTest, AFileThatChangedOnTheDiskIsNotUploaded) {
  auto backend = Make("a");
  ASSERT_TRUE(Fill(*backend, 1, 0, 100).ok());
  blobs_.failures = 1;
  EXPECT_FALSE(backend->Snapshot(Epoch(1), kAll, blobs_, "e1").ok());
  int tables = 0;
  for (const auto& entry : fs::directory_iterator(root_ + "/a/db")) {
    if (entry.path().extension() != ".sst") continue;
    ++tables;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(1000);
    char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(1000);
    file.put(byte);
  }
  ASSERT_GT(tables, 0);
  auto handle = backend->Snapshot(Epoch(2), kAll, blobs_, "e2");
  EXPECT_EQ(handle.status().code(), absl::StatusCode::kInternal) << handle.status();
  EXPECT_TRUE(blobs_.List("")->empty());
}

TEST_F(RocksDbStateBackendTest, AfterABackgroundErrorNothingIsWrittenOrSnapshot) {
  auto backend = Make("a");
  ASSERT_TRUE(Fill(*backend, 1, 0, 10).ok());
  fs::remove_all(root_ + "/a/db");
  EXPECT_FALSE(backend->Snapshot(Epoch(1), kAll, blobs_, "e1").ok());
  fs::create_directories(root_ + "/a/db");
  absl::Status write = Fill(*backend, 2, 0, 10);
  EXPECT_EQ(write.code(), absl::StatusCode::kInternal) << write;
  EXPECT_EQ(backend->Snapshot(Epoch(2), kAll, blobs_, "e2").status().code(), absl::StatusCode::kInternal);
}

TEST_F(RocksDbStateBackendTest, ADirectoryOfAnEarlierLifeIsWipedAndOursIsRemoved) {
  fs::create_directories(root_ + "/a/db");
  std::ofstream(root_ + "/a/db/CURRENT") << "MANIFEST-000099\n";
  auto backend = Make("a");
  ASSERT_TRUE(Fill(*backend, 1, 0, 10).ok());
  backend.reset();
  EXPECT_FALSE(fs::exists(root_ + "/a"));
}

TEST_F(RocksDbStateBackendTest, NamesThatLeaveTheRootAreRefused) {
  for (const char* name : {"", "..", "a/b", "/tmp", ".hidden"}) {
    EXPECT_EQ(factory_->Make(name).status().code(), absl::StatusCode::kInvalidArgument) << name;
  }
}

TEST_F(RocksDbStateBackendTest, AHandleWhoseLocalNameLeavesItsDirectoryIsDataLoss) {
  auto backend = Make("a");
  ASSERT_TRUE(Fill(*backend, 1, 0, 10).ok());
  auto handle = backend->Snapshot(Epoch(1), kAll, blobs_, "e1");
  ASSERT_TRUE(handle.ok());
  handle->mutable_files(0)->set_local_name("../../escaped");
  auto restored = Make("b");
  EXPECT_EQ(restored->Restore(std::vector{*handle}, kAll, blobs_).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace millrace
