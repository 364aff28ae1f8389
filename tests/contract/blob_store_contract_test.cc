// What every BlobStore promises, on each of them. The commit protocol stands on PutIfAbsent.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <filesystem>
#include <thread>

#include "base/error.h"
#include "base/local_blob_store.h"
#include "base/memory_blob_store.h"

namespace millrace {
namespace {

class BlobStoreContract : public testing::TestWithParam<std::string> {
 protected:
  BlobStoreContract() {
    if (GetParam() == "memory") {
      store_ = std::make_unique<MemoryBlobStore>();
      return;
    }
    auto opened = LocalBlobStore::Open(root_);
    EXPECT_TRUE(opened.ok()) << opened.status();
    store_ = std::move(*opened);
  }
  ~BlobStoreContract() override { std::filesystem::remove_all(root_); }

  static std::string Root() {
    std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    std::replace(name.begin(), name.end(), '/', '-');
    return Cat(testing::TempDir(), "millrace-blobs-", getpid(), "-", name);
  }

  const std::string root_ = Root();
  std::unique_ptr<BlobStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Stores, BlobStoreContract, testing::Values("memory", "local"),
                         [](const auto& param) { return param.param; });

TEST_P(BlobStoreContract, WhatWasPutIsRead) {
  std::string bytes("\0\xff\n", 3);
  ASSERT_TRUE(store_->Put("a/b/c", bytes).ok());
  EXPECT_EQ(*store_->Get("a/b/c"), bytes);
  EXPECT_EQ(*store_->Size("a/b/c"), 3);
  ASSERT_TRUE(store_->Put("a/b/c", "").ok());
  EXPECT_EQ(*store_->Get("a/b/c"), "");
  EXPECT_EQ(*store_->Size("a/b/c"), 0);
}

TEST_P(BlobStoreContract, AMissingBlobIsNotFound) {
  EXPECT_EQ(store_->Get("none").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->Size("none/at/all").status().code(), absl::StatusCode::kNotFound);
}

TEST_P(BlobStoreContract, PutIfAbsentKeepsTheFirst) {
  EXPECT_EQ(*store_->PutIfAbsent("log/1", "first"), PutResult::kCreated);
  EXPECT_EQ(*store_->PutIfAbsent("log/1", "second"), PutResult::kAlreadyExists);
  EXPECT_EQ(*store_->Get("log/1"), "first");
  ASSERT_TRUE(store_->Put("log/2", "plain").ok());
  EXPECT_EQ(*store_->PutIfAbsent("log/2", "late"), PutResult::kAlreadyExists);
}

TEST_P(BlobStoreContract, DeletingIsIdempotentAndMakesRoom) {
  ASSERT_TRUE(store_->Put("d/x", "1").ok());
  ASSERT_TRUE(store_->Delete("d/x").ok());
  ASSERT_TRUE(store_->Delete("d/x").ok());
  ASSERT_TRUE(store_->Delete("never/there").ok());
  EXPECT_EQ(store_->Get("d/x").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(*store_->PutIfAbsent("d/x", "2"), PutResult::kCreated);
}

TEST_P(BlobStoreContract, ListIsSortedAndByPrefixNotByFolder) {
  for (const char* name : {"t/10", "t/9", "t/1/a", "t2/x", "u"}) ASSERT_TRUE(store_->Put(name, name).ok());
  using Names = std::vector<std::string>;
  EXPECT_EQ(*store_->List("t/"), (Names{"t/1/a", "t/10", "t/9"}));
  EXPECT_EQ(*store_->List("t/1"), (Names{"t/1/a", "t/10"}));
  EXPECT_EQ(*store_->List("t"), (Names{"t/1/a", "t/10", "t/9", "t2/x"}));
  EXPECT_EQ(store_->List("")->size(), 5u);
  EXPECT_TRUE(store_->List("nothing/here")->empty());
}

TEST_P(BlobStoreContract, NamesWithDotPartsAreRefused) {
  for (const char* name : {"", "/etc/passwd", "../up", "a/../b", "a/./b", ".", ".."}) {
    EXPECT_EQ(store_->Put(name, "x").code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(store_->PutIfAbsent(name, "x").status().code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(store_->Get(name).status().code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(store_->Size(name).status().code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(store_->Delete(name).code(), absl::StatusCode::kInvalidArgument) << name;
  }
  EXPECT_TRUE(store_->Put("a/..b/c.json", "dots within a part are fine").ok());
}

TEST_P(BlobStoreContract, OfEightRacersExactlyOneCreates) {
  constexpr int kRacers = 8;
  constexpr int kRounds = 40;
  std::barrier start(kRacers);
  std::vector<std::vector<char>> won(kRacers, std::vector<char>(kRounds));
  std::vector<std::thread> racers;
  for (int racer = 0; racer < kRacers; ++racer) {
    racers.emplace_back([&, racer] {
      for (int round = 0; round < kRounds; ++round) {
        start.arrive_and_wait();
        auto put = store_->PutIfAbsent(Cat("race/", round), Cat("racer ", racer));
        if (put.ok()) won[racer][round] = *put == PutResult::kCreated ? 1 : 0;
        if (!put.ok()) won[racer][round] = 100;
      }
    });
  }
  for (std::thread& racer : racers) racer.join();
  for (int round = 0; round < kRounds; ++round) {
    int count = 0;
    int winner = -1;
    for (int racer = 0; racer < kRacers; ++racer) {
      count += won[racer][round];
      if (won[racer][round] == 1) winner = racer;
    }
    ASSERT_EQ(count, 1) << "round " << round;
    EXPECT_EQ(*store_->Get(Cat("race/", round)), Cat("racer ", winner));
  }
}

// A store that drops the folder of its last blob must not drop it under a put.
TEST_P(BlobStoreContract, APutSucceedsWhileItsFolderIsEmptiedByAnother) {
  constexpr int kRounds = 300;
  std::vector<absl::Status> failed(2);
  std::vector<std::thread> racers;
  for (size_t racer = 0; racer < failed.size(); ++racer) {
    racers.emplace_back([&, racer] {
      std::string name = Cat("state/count/7/sst/", racer);
      for (int round = 0; round < kRounds && failed[racer].ok(); ++round) {
        std::string bytes = Cat("round ", round);
        failed[racer] = round % 2 == 0 ? store_->Put(name, bytes) : store_->PutIfAbsent(name, bytes).status();
        if (!failed[racer].ok()) return;
        auto read = store_->Get(name);
        failed[racer] = !read.ok() ? read.status() : *read != bytes ? DataLoss("read ", *read) : store_->Delete(name);
      }
    });
  }
  for (std::thread& racer : racers) racer.join();
  for (const absl::Status& status : failed) EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(store_->List("")->empty());
}

TEST_P(BlobStoreContract, AListingLosesNothingWhileOtherFoldersAreEmptied) {
  std::vector<std::string> kept;
  for (int i = 0; i < 20; ++i) kept.push_back(Cat("epochs/", 100 + i, "/kept"));
  for (const std::string& name : kept) ASSERT_TRUE(store_->Put(name, "kept").ok());
  std::atomic<bool> done = false;
  absl::Status failed;
  std::thread emptier([&] {
    for (int round = 0; round < 150 && failed.ok(); ++round) {
      std::string name = Cat("epochs/", 100 + round % 20, "x/sst/gone");
      failed = store_->Put(name, "");
      if (failed.ok()) failed = store_->Delete(name);
    }
    done = true;
  });
  do {
    auto names = store_->List("epochs/");
    EXPECT_TRUE(names.ok()) << names.status();
    if (!names.ok()) break;
    std::erase_if(*names, [](const std::string& name) { return name.ends_with("/gone"); });
    EXPECT_EQ(*names, kept);
  } while (!done && !HasFailure());
  emptier.join();
  EXPECT_TRUE(failed.ok()) << failed;
}

}  // namespace
}  // namespace millrace
