#include "coordinator/file_leadership.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>

#include "base/memory_blob_store.h"
#include "coordinator/file_metadata_store.h"

namespace millrace {
namespace {

TEST(FileLeadership, OneLeadsAndEveryTermIsHigher) {
  std::string path = ::testing::TempDir() + "leader-" + std::to_string(getpid()) + ".lock";
  MemoryBlobStore blobs;
  FileMetadataStore store(&blobs);
  std::optional<FileLeadership> first(std::in_place, path, &store);
  EXPECT_EQ(*first->Acquire(), Term(1));
  FileLeadership second(path, &store);
  absl::Status refused = second.Acquire().status();
  EXPECT_TRUE(absl::IsUnavailable(refused));
  EXPECT_NE(refused.message().find("another coordinator leads"), std::string::npos);
  first.reset();
  EXPECT_EQ(*second.Acquire(), Term(2));
  unlink(path.c_str());
}

TEST(FileLeadership, ADamagedRecordDoesNotTakeTheTermBack) {
  std::string path = ::testing::TempDir() + "damaged-" + std::to_string(getpid()) + ".lock";
  MemoryBlobStore blobs;
  FileMetadataStore store(&blobs);
  for (uint64_t term = 1; term <= 12; ++term) {
    EXPECT_EQ(*FileLeadership(path, &store).Acquire(), Term(term));
  }
  const std::string blob = blobs.List("leadership/").value().back();
  for (std::string damaged : {"r2", "1r", "", "99999999999999999999999999"}) {
    ASSERT_TRUE(blobs.Put(blob, damaged).ok());
    EXPECT_EQ(*FileLeadership(path, &store).Acquire(), Term(13)) << damaged;
    ASSERT_TRUE(blobs.Delete(blobs.List("leadership/").value().back()).ok());
  }
  unlink(path.c_str());
}

TEST(FileLeadership, ALeaderLearnsThatALaterTermWasGivenOut) {
  std::string path = ::testing::TempDir() + "confirm-" + std::to_string(getpid()) + ".lock";
  MemoryBlobStore blobs;
  FileMetadataStore store(&blobs);
  FileLeadership leadership(path, &store);
  ASSERT_EQ(*leadership.Acquire(), Term(1));
  EXPECT_TRUE(leadership.Confirm(Term(1)).ok());
  ASSERT_TRUE(store.CompareAndSet("leadership", store.Get("leadership")->version, "2").ok());
  EXPECT_TRUE(absl::IsAborted(leadership.Confirm(Term(1))));
  unlink(path.c_str());
}

TEST(FileLeadership, AFolderThatCannotBeWrittenIsNamed) {
  MemoryBlobStore blobs;
  FileMetadataStore store(&blobs);
  FileLeadership leadership("/nonexistent/leader.lock", &store);
  EXPECT_TRUE(absl::IsFailedPrecondition(leadership.Acquire().status()));
}

}  // namespace
}  // namespace millrace
