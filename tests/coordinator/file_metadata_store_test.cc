#include "coordinator/file_metadata_store.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/memory_blob_store.h"
#include "coordinator/record_writer.h"
#include "faulty_metadata_store.h"

namespace millrace {
namespace {

TEST(FileMetadataStore, OneOfTwoWritersOfAVersionIsAborted) {
  MemoryBlobStore blobs;
  FileMetadataStore store(&blobs);
  EXPECT_TRUE(absl::IsNotFound(store.Get("a").status()));
  EXPECT_EQ(*store.CompareAndSet("a", 0, "one"), 1u);
  EXPECT_TRUE(absl::IsAborted(store.CompareAndSet("a", 0, "other").status()));
  EXPECT_EQ(*store.CompareAndSet("a", 1, "two"), 2u);
  EXPECT_TRUE(absl::IsAborted(store.CompareAndSet("a", 1, "other").status()));
  EXPECT_EQ(store.Get("a")->bytes, "two");
  EXPECT_EQ(store.Get("a")->version, 2u);
}

TEST(FileMetadataStore, ListsNamesNotVersionsAndKeepsFewOfThem) {
  MemoryBlobStore blobs;
  FileMetadataStore store(&blobs);
  for (uint64_t version = 0; version < 100; ++version) ASSERT_TRUE(store.CompareAndSet("p/a", version, "x").ok());
  ASSERT_TRUE(store.CompareAndSet("p/a/b", 0, "y").ok());
  ASSERT_TRUE(store.CompareAndSet("q", 0, "z").ok());
  EXPECT_EQ(*store.List("p/"), (std::vector<std::string>{"p/a", "p/a/b"}));
  EXPECT_LE(blobs.List("p/a/0")->size(), FileMetadataStore::kKeptVersions);
  EXPECT_EQ(store.Get("p/a")->version, 100u);
}

// Stops in front of a PutIfAbsent, as a process that the kernel has suspended does.
class PausingBlobStore final : public BlobStore {
 public:
  explicit PausingBlobStore(BlobStore* blobs) : blobs_(blobs) {}
  std::function<void()> before_put;
  absl::StatusOr<std::string> Get(std::string_view name) override { return blobs_->Get(name); }
  absl::Status Put(std::string_view name, std::string_view bytes) override { return blobs_->Put(name, bytes); }
  absl::StatusOr<PutResult> PutIfAbsent(std::string_view name, std::string_view bytes) override {
    before_put();
    return blobs_->PutIfAbsent(name, bytes);
  }
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override { return blobs_->List(prefix); }
  absl::Status Delete(std::string_view name) override { return blobs_->Delete(name); }
  absl::StatusOr<int64_t> Size(std::string_view name) override { return blobs_->Size(name); }

 private:
  BlobStore* const blobs_;
};

TEST(FileMetadataStore, AWriterThatSleptThroughTheDeletionOfItsVersionIsAborted) {
  for (uint64_t num_others : {0, 1, 15, 16, 17, 40}) {
    MemoryBlobStore blobs;
    FileMetadataStore others(&blobs);
    ASSERT_TRUE(others.CompareAndSet("a", 0, "start").ok());
    PausingBlobStore pausing(&blobs);
    pausing.before_put = [&] {
      for (uint64_t version = 1; version <= num_others; ++version) {
        ASSERT_TRUE(others.CompareAndSet("a", version, "theirs").ok());
      }
    };
    FileMetadataStore sleeper(&pausing);
    absl::StatusOr<uint64_t> written = sleeper.CompareAndSet("a", 1, "mine");
    EXPECT_EQ(written.ok(), num_others == 0) << num_others;
    EXPECT_EQ(others.Get("a")->bytes, num_others == 0 ? "mine" : "theirs");
  }
}

TEST(RecordWriter, AnUnknownOutcomeIsReadBackAndNeverWrittenTwice) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    FaultyMetadataStore store(seed);
    store.set_failure_probability(0.4);
    for (uint64_t version = 0; version < 5; ++version) {
      absl::StatusOr<uint64_t> written;
      do {
        written = WriteRecord(store, "a", version, Cat("v", version));
        ASSERT_FALSE(absl::IsAborted(written.status())) << "nobody else writes";
      } while (!written.ok());
      ASSERT_EQ(*written, version + 1);
      ASSERT_EQ(store.Stored("a")->version, version + 1);
    }
    store.set_failure_probability(0);
    EXPECT_TRUE(absl::IsAborted(WriteRecord(store, "a", 4, "someone else's").status()));
  }
}

}  // namespace
}  // namespace millrace
