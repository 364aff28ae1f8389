#include "base/file_lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

class FileLocks : public testing::Test {
 protected:
  FileLocks() { fs::create_directories(directory_); }
  ~FileLocks() override { fs::remove_all(directory_); }

  const fs::path directory_ = Cat(testing::TempDir(), "millrace-lock-", getpid(), "-",
                                  testing::UnitTest::GetInstance()->current_test_info()->name());
  const std::string path_ = (directory_ / "lock").string();
};

TEST_F(FileLocks, OneHolderAtATime) {
  auto first = FileLock::TryAcquire(path_);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(FileLock::TryAcquire(path_).status().code(), absl::StatusCode::kUnavailable);
  first->reset();
  EXPECT_TRUE(fs::exists(path_));
  EXPECT_TRUE(FileLock::TryAcquire(path_).ok());
}

TEST_F(FileLocks, WithoutADirectoryItIsNotFound) {
  auto lock = FileLock::TryAcquire((directory_ / "none" / "lock").string());
  EXPECT_EQ(lock.status().code(), absl::StatusCode::kNotFound);
}

TEST_F(FileLocks, WhatIsNoFileIsRefused) {
  auto lock = FileLock::TryAcquire(directory_.string());
  EXPECT_EQ(lock.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(lock.status().message().find(directory_.string()), std::string_view::npos) << lock.status();
}

}  // namespace
}  // namespace millrace
