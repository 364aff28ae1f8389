#include "server/worker_directory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "base/error.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

class WorkerDirectories : public testing::Test {
 protected:
  ~WorkerDirectories() override { fs::remove_all(root_.parent_path()); }

  std::optional<WorkerDirectory> Claim() {
    auto claimed = WorkerDirectory::Claim(root_.string(), &random_);
    EXPECT_TRUE(claimed.ok()) << claimed.status();
    if (!claimed.ok()) return std::nullopt;
    fs::create_directories(fs::path(claimed->path()) / "1.0" / "db");
    std::ofstream(fs::path(claimed->path()) / "1.0" / "db" / "000001.sst") << "rows";
    return *std::move(claimed);
  }

  Random random_{7};
  const fs::path root_ = fs::path(testing::TempDir()) /
                         Cat("millrace-workers-", getpid(), "-",
                             testing::UnitTest::GetInstance()->current_test_info()->name()) /
                         "state";
};

TEST_F(WorkerDirectories, AClaimMakesADirectoryOfItsOwn) {
  auto one = Claim();
  auto other = Claim();
  EXPECT_NE(one->path(), other->path());
  EXPECT_EQ(one->path(), (root_ / one->name()).string());
  EXPECT_TRUE(one->name().starts_with("worker-")) << one->name();
  EXPECT_EQ(one->name().size(), 15u);
}

TEST_F(WorkerDirectories, OnlyThoseOfDeadWorkersAreRemoved) {
  auto living = Claim();
  auto dead = Claim();
  auto starting = Claim();
  std::string name = dead->name();
  dead.reset();  // as the kernel does at the end of a process
  RemovedWorkerDirectories result = RemoveDirectoriesOfDeadWorkers(root_.string());
  EXPECT_EQ(result.removed, Names{name});
  EXPECT_TRUE(result.failed.empty());
  EXPECT_FALSE(fs::exists(root_ / name));
  EXPECT_TRUE(fs::exists(fs::path(living->path()) / "1.0" / "db" / "000001.sst"));
  EXPECT_TRUE(fs::exists(fs::path(starting->path()) / "1.0" / "db" / "000001.sst"));
  EXPECT_TRUE(RemoveDirectoriesOfDeadWorkers(root_.string()).removed.empty());
}

TEST_F(WorkerDirectories, OneWithoutALockAndAHalfRemovedOneAreRemoved) {
  fs::create_directories(root_ / "worker-00000001" / "1.0");
  fs::create_directories(root_ / "worker-00000002.dead" / "1.0");
  RemovedWorkerDirectories result = RemoveDirectoriesOfDeadWorkers(root_.string());
  EXPECT_EQ(result.removed, (Names{"worker-00000001", "worker-00000002"}));
  EXPECT_TRUE(fs::is_empty(root_));
}

TEST_F(WorkerDirectories, WhatIsNoWorkersIsLeftAlone) {
  fs::create_directories(root_ / "notes");
  fs::create_directories(root_.parent_path() / "precious");
  std::ofstream(root_ / "worker-list") << "a file";
  fs::create_directory_symlink(root_.parent_path() / "precious", root_ / "worker-link");
  RemovedWorkerDirectories result = RemoveDirectoriesOfDeadWorkers(root_.string());
  EXPECT_TRUE(result.removed.empty());
  EXPECT_TRUE(result.failed.empty());
  for (const char* name : {"notes", "worker-list", "worker-link"}) EXPECT_TRUE(fs::exists(root_ / name)) << name;
}

TEST_F(WorkerDirectories, ARootThatCannotBeMadeIsSaid) {
  fs::create_directories(root_.parent_path());
  std::ofstream(root_.string()) << "a file";
  auto claimed = WorkerDirectory::Claim(root_.string(), &random_);
  EXPECT_EQ(claimed.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(claimed.status().message().find(root_.string()), std::string_view::npos) << claimed.status();
}

TEST_F(WorkerDirectories, WorkersThatStartTogetherTakeNothingFromEachOther) {
  constexpr size_t kWorkers = 4;
  constexpr int kStarts = 200;
  std::vector<std::string> failures(kWorkers);
  std::vector<std::thread> workers;
  for (size_t worker = 0; worker < kWorkers; ++worker) {
    workers.emplace_back([&, worker] {
      Random random(worker + 1);
      for (int start = 0; start < kStarts && failures[worker].empty(); ++start) {
        auto claimed = WorkerDirectory::Claim(root_.string(), &random);
        if (!claimed.ok()) {
          failures[worker] = claimed.status().ToString();
          return;
        }
        fs::path file = fs::path(claimed->path()) / "000001.sst";
        std::ofstream(file) << "rows";
        RemovedWorkerDirectories result = RemoveDirectoriesOfDeadWorkers(root_.string());
        for (const fs::path& mine : {file, fs::path(claimed->path()) / ".lock"}) {
          if (!fs::exists(mine)) failures[worker] = Cat(mine.string(), " is gone");
        }
        for (const absl::Status& status : result.failed) failures[worker] += status.ToString();
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  for (const std::string& failure : failures) EXPECT_EQ(failure, "");
  RemoveDirectoriesOfDeadWorkers(root_.string());
  EXPECT_TRUE(fs::is_empty(root_));
}

}  // namespace
}  // namespace millrace
