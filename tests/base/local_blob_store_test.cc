// What a LocalBlobStore leaves on the disk; what it promises as a BlobStore is in tests/contract/.
#include "base/local_blob_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

class LocalBlobStoreFiles : public testing::Test {
 protected:
  LocalBlobStoreFiles() {
    auto opened = LocalBlobStore::Open(root_.string());
    EXPECT_TRUE(opened.ok()) << opened.status();
    store_ = std::move(*opened);
  }
  ~LocalBlobStoreFiles() override { fs::remove_all(root_); }

  void Put(std::string_view name) {
    absl::Status put = store_->Put(name, "bytes");
    ASSERT_TRUE(put.ok()) << put;
  }
  void Delete(std::string_view name) {
    absl::Status deleted = store_->Delete(name);
    ASSERT_TRUE(deleted.ok()) << deleted;
  }

  const fs::path root_ = Cat(testing::TempDir(), "millrace-files-", getpid(), "-",
                             testing::UnitTest::GetInstance()->current_test_info()->name());
  std::unique_ptr<LocalBlobStore> store_;
};

TEST_F(LocalBlobStoreFiles, TheLastBlobOfADirectoryTakesItAlongAndSiblingsStay) {
  for (const char* name : {"p/state/count/1/sst/a", "p/state/count/1/sst/b", "p/state/count/2/sst/c"}) Put(name);
  Delete("p/state/count/1/sst/a");
  EXPECT_TRUE(fs::exists(root_ / "p/state/count/1/sst/b"));
  Delete("p/state/count/1/sst/b");
  EXPECT_FALSE(fs::exists(root_ / "p/state/count/1"));
  EXPECT_TRUE(fs::exists(root_ / "p/state/count/2/sst/c"));
  EXPECT_EQ(*store_->List(""), std::vector<std::string>{"p/state/count/2/sst/c"});
}

TEST_F(LocalBlobStoreFiles, TheRootStaysWhenItIsEmpty) {
  Put("a/b");
  Put("c");
  Delete("a/b");
  Delete("c");
  EXPECT_TRUE(fs::is_directory(root_));
  EXPECT_TRUE(fs::is_empty(root_));
  Put("a/b");
  EXPECT_EQ(*store_->Get("a/b"), "bytes");
}

TEST_F(LocalBlobStoreFiles, ADirectoryWithAFileThatIsNoBlobStays) {
  Put("a/b/c");
  std::ofstream(root_ / "a" / ".c.tmp-1-1") << "of a put in hand";
  Delete("a/b/c");
  EXPECT_FALSE(fs::exists(root_ / "a/b"));
  EXPECT_TRUE(fs::exists(root_ / "a/.c.tmp-1-1"));
}

// A crash between the two steps of a delete leaves an empty directory, which the delete's repetition takes.
TEST_F(LocalBlobStoreFiles, DeletingAgainTakesADirectoryThatWasLeftEmpty) {
  fs::create_directories(root_ / "a/b");
  Delete("a/b/c");
  EXPECT_FALSE(fs::exists(root_ / "a"));
  Delete("never/there");
  EXPECT_TRUE(fs::is_directory(root_));
}

}  // namespace
}  // namespace millrace
