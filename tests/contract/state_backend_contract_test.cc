// What every StateBackend promises, on each of them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <set>

#include "base/error.h"
#include "base/macros.h"
#include "base/memory_blob_store.h"
#include "base/random.h"
#include "state/memory_backend.h"
#include "state/rocksdb_backend.h"
#include "state/state_key.h"

namespace millrace {
namespace {

using Handle = storage::v1::SnapshotHandle;
using Rows = std::map<std::string, std::string>;

constexpr KeyGroupRange kAll{0, kNumKeyGroups};
constexpr Slice kFirst = std::numeric_limits<Slice>::min();
constexpr Slice kEnd = std::numeric_limits<Slice>::max();

std::unique_ptr<StateBackendFactory> MakeFactory(std::string_view kind, const std::string& root) {
  if (kind == "memory") return std::make_unique<MemoryStateBackendFactory>();
  RocksDbOptions options;
  options.root = root;
  options.block_cache_bytes = 1 << 20;
  options.write_buffer_bytes = 1 << 20;
  options.memtable_bytes = 64 << 10;
  options.file_bytes = 64 << 10;
  if (kind == "rocksdb_files") {
    options.file_bytes = 256;
    options.rows_for_files = 2;
  }
  auto factory = RocksDbStateBackendFactory::Open(options);
  EXPECT_TRUE(factory.ok()) << factory.status();
  return std::move(*factory);
}

std::string TestRoot() {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  std::string name = Cat("millrace-", getpid(), "-", test->test_suite_name(), "-", test->name());
  std::replace(name.begin(), name.end(), '/', '-');
  return Cat(testing::TempDir(), name);
}

std::string Key(KeyGroup group, TableId table, Slice slice, std::string_view key) {
  return EncodeStateKey({group, table, slice, key});
}

absl::Status WriteRows(StateBackend& backend, const std::map<std::string, std::optional<std::string>>& rows) {
  std::vector<StateWrite> writes;
  for (const auto& [key, value] : rows) {
    writes.push_back({key, value ? std::optional<std::string_view>(*value) : std::nullopt});
  }
  return backend.Write(writes);
}

absl::StatusOr<Rows> ScanRows(StateBackend& backend, KeyGroup group, TableId table, Slice first = kFirst,
                              Slice end = kEnd) {
  Rows rows;
  std::string last;
  bool ascending = true;
  RETURN_IF_ERROR(backend.Scan(group, table, first, end, [&](std::string_view key, std::string_view value) {
    ascending = ascending && (rows.empty() || last < key);
    last = key;
    rows.emplace(key, value);
    return true;
  }));
  if (!ascending) return Internal("a scan does not ascend");
  return rows;
}

class StateBackendContract : public testing::TestWithParam<std::string> {
 protected:
  ~StateBackendContract() override { std::filesystem::remove_all(root_); }

  std::unique_ptr<StateBackend> Make() {
    auto backend = factory_->Make(Cat("backend-", next_++));
    EXPECT_TRUE(backend.ok()) << backend.status();
    return std::move(*backend);
  }
  absl::StatusOr<std::unique_ptr<StateBackend>> Restored(const std::vector<Handle>& handles, KeyGroupRange range) {
    auto backend = Make();
    RETURN_IF_ERROR(backend->Restore(handles, range, blobs_));
    return backend;
  }
  Handle Snapshot(StateBackend& backend, KeyGroupRange range) {
    ++epoch_;
    auto handle = backend.Snapshot(Epoch(epoch_), range, blobs_, Cat("p/l/state/op/", epoch_));
    EXPECT_TRUE(handle.ok()) << handle.status();
    return handle.ok() ? *handle : Handle();
  }

  const std::string root_ = TestRoot();
  std::unique_ptr<StateBackendFactory> factory_ = MakeFactory(GetParam(), root_);
  MemoryBlobStore blobs_;
  uint64_t epoch_ = 0;
  int next_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Backends, StateBackendContract, testing::Values("memory", "rocksdb", "rocksdb_files"),
                         [](const auto& param) { return param.param; });

TEST_P(StateBackendContract, WhatWasWrittenLastIsRead) {
  auto backend = Make();
  std::string a = Key(1, 1, 0, "a"), b = Key(1, 1, 0, "b"), c = Key(2, 1, 0, "a"), d = Key(2, 1, 0, "b");
  ASSERT_EQ(WriteRows(*backend, {{a, "1"}, {b, "2"}, {c, ""}}), absl::OkStatus());
  ASSERT_TRUE(WriteRows(*backend, {{a, "one"}, {b, std::nullopt}, {d, std::nullopt}}).ok());
  std::vector<std::string_view> keys = {a, b, c, d};
  std::vector<std::optional<std::string>> values = {"stale"};
  ASSERT_TRUE(backend->MultiGet(keys, values).ok());
  EXPECT_EQ(values, (std::vector<std::optional<std::string>>{"one", std::nullopt, "", std::nullopt}));
}

TEST_P(StateBackendContract, KeysThatDoNotAscendAreRefused) {
  auto backend = Make();
  std::string a = Key(1, 1, 0, "a"), b = Key(1, 1, 0, "b");
  std::vector<StateWrite> twice = {{a, "1"}, {a, "2"}};
  EXPECT_EQ(backend->Write(twice).code(), absl::StatusCode::kInternal);
  std::vector<std::string_view> down = {b, a};
  std::vector<std::optional<std::string>> values;
  EXPECT_EQ(backend->MultiGet(down, values).code(), absl::StatusCode::kInternal);
}

TEST_P(StateBackendContract, AScanStaysWithinItsGroupTableAndSlices) {
  auto backend = Make();
  std::map<std::string, std::optional<std::string>> rows;
  for (KeyGroup group : {0, 1, 719}) {
    for (TableId table : {0, 1, 65535}) {
      for (Slice slice : {kFirst, Slice{-10}, Slice{0}, Slice{10}, kEnd - 1}) rows[Key(group, table, slice, "k")] = "v";
    }
  }
  ASSERT_TRUE(WriteRows(*backend, rows).ok());
  EXPECT_EQ(*ScanRows(*backend, 1, 1, -10, 10), (Rows{{Key(1, 1, -10, "k"), "v"}, {Key(1, 1, 0, "k"), "v"}}));
  EXPECT_EQ(ScanRows(*backend, 719, 65535)->size(), 5u);
  EXPECT_EQ(ScanRows(*backend, 2, 1)->size(), 0u);
  EXPECT_EQ(ScanRows(*backend, 1, 1, 5, 5)->size(), 0u);
  int seen = 0;
  ASSERT_TRUE(backend->Scan(1, 1, kFirst, kEnd, [&](auto, auto) { return ++seen < 2; }).ok());
  EXPECT_EQ(seen, 2);
}

TEST_P(StateBackendContract, RowsBelowTheFloorAreGoneAtOnceAndFloorsNeverSink) {
  auto backend = Make();
  std::string low = Key(1, 1, 10, "k"), high = Key(1, 1, 20, "k"), other = Key(1, 2, 10, "k");
  ASSERT_TRUE(WriteRows(*backend, {{low, "l"}, {high, "h"}, {other, "o"}}).ok());
  ASSERT_TRUE(backend->RaiseSliceFloor(1, 20).ok());
  ASSERT_TRUE(backend->RaiseSliceFloor(1, 5).ok());
  EXPECT_EQ(*ScanRows(*backend, 1, 1), (Rows{{high, "h"}}));
  EXPECT_EQ(*ScanRows(*backend, 1, 2), (Rows{{other, "o"}}));
  ASSERT_TRUE(WriteRows(*backend, {{low, "again"}}).ok());
  std::vector<std::string_view> keys = {low, high};
  std::vector<std::optional<std::string>> values;
  ASSERT_TRUE(backend->MultiGet(keys, values).ok());
  EXPECT_EQ(values, (std::vector<std::optional<std::string>>{std::nullopt, "h"}));
}

TEST_P(StateBackendContract, ASnapshotHoldsWhatWasWrittenBeforeItAndTheFloors) {
  auto backend = Make();
  std::string low = Key(1, 1, 10, "k"), high = Key(1, 1, 20, "k");
  ASSERT_TRUE(WriteRows(*backend, {{low, "l"}, {high, "h"}}).ok());
  ASSERT_TRUE(backend->RaiseSliceFloor(1, 15).ok());
  Handle handle = Snapshot(*backend, kAll);
  ASSERT_TRUE(WriteRows(*backend, {{high, "later"}}).ok());
  EXPECT_EQ(handle.epoch(), 1u);
  EXPECT_EQ(handle.end_key_group(), kNumKeyGroups);
  EXPECT_EQ(handle.slice_floors().at(1), 15);
  auto restored = Restored({handle}, kAll);
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(*ScanRows(**restored, 1, 1), (Rows{{high, "h"}}));
  ASSERT_TRUE(WriteRows(**restored, {{low, "again"}}).ok());
  EXPECT_EQ(*ScanRows(**restored, 1, 1), (Rows{{high, "h"}}));
}

TEST_P(StateBackendContract, AnEmptyStateIsSnapshotAndRestored) {
  auto backend = Make();
  ASSERT_TRUE(backend->Restore({}, kAll, blobs_).ok());
  Handle handle = Snapshot(*backend, kAll);
  auto restored = Restored({handle}, {10, 20});
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(ScanRows(**restored, 15, 0)->size(), 0u);
}

TEST_P(StateBackendContract, ABackendInUseIsNotRestoredOver) {
  auto backend = Make();
  ASSERT_TRUE(WriteRows(*backend, {{Key(1, 1, 0, "k"), "v"}}).ok());
  EXPECT_EQ(backend->Restore({}, kAll, blobs_).code(), absl::StatusCode::kFailedPrecondition);
}

TEST_P(StateBackendContract, AnUnchangedStateUploadsNoRowsAgain) {
  auto backend = Make();
  std::map<std::string, std::optional<std::string>> rows;
  Random random(1);
  for (int i = 0; i < 1000; ++i) rows[Key(7, 1, 0, std::to_string(i))] = random.Uuid() + random.Uuid();
  ASSERT_TRUE(WriteRows(*backend, rows).ok());
  Snapshot(*backend, kAll);
  uint64_t first = backend->uploaded_bytes();
  EXPECT_GT(first, 50'000u);
  Handle second = Snapshot(*backend, kAll);
  EXPECT_LT(backend->uploaded_bytes() - first, 5'000u);
  EXPECT_EQ(ScanRows(**Restored({second}, kAll), 7, 1)->size(), 1000u);
}

// The collector deletes what the newest complete checkpoint does not name: no later one may come back to it.
TEST_P(StateBackendContract, ABlobThatASnapshotDidNotNameIsNotNamedAgain) {
  auto backend = Make();
  const std::string key = Key(1, 1, 5, "a");
  std::set<std::string> abandoned, named;
  for (const char* value : {"x", "x", "", "x", "y", "x", "", "", "x"}) {
    ASSERT_TRUE(WriteRows(*backend, {{key, *value == 0 ? std::nullopt : std::optional<std::string>(value)}}).ok());
    std::set<std::string> now;
    const Handle handle = Snapshot(*backend, kAll);
    for (const auto& file : handle.files()) now.insert(file.blob());
    for (const std::string& blob : now) EXPECT_FALSE(abandoned.contains(blob)) << blob;
    for (const std::string& blob : named) {
      if (!now.contains(blob)) abandoned.insert(blob);
    }
    named = std::move(now);
  }
  EXPECT_FALSE(abandoned.empty());
}

TEST_P(StateBackendContract, RowsSurviveOneTwoOneThree) {
  Rows expected;
  std::map<std::string, std::optional<std::string>> rows;
  for (uint32_t group = 0; group < kNumKeyGroups; ++group)
    rows[Key(static_cast<KeyGroup>(group), 1, group % 7, "k")] = Cat(group);
  auto one = Make();
  ASSERT_TRUE(WriteRows(*one, rows).ok());
  std::vector<Handle> handles = {Snapshot(*one, kAll)};
  int generation = 0;
  for (uint32_t parallelism : {2u, 1u, 3u}) {
    ++generation;
    std::vector<Handle> next;
    for (uint32_t subtask = 0; subtask < parallelism; ++subtask) {
      KeyGroupRange range = KeyGroupsOfSubtask(subtask, parallelism);
      auto backend = Restored(handles, range);
      ASSERT_TRUE(backend.ok()) << backend.status();
      for (uint32_t group = 0; group < kNumKeyGroups; ++group) {
        auto found = ScanRows(**backend, static_cast<KeyGroup>(group), 1);
        ASSERT_TRUE(found.ok());
        std::string key = Key(static_cast<KeyGroup>(group), 1, group % 7, "k");
        if (range.Contains(group)) {
          ASSERT_EQ(*found, (Rows{{key, *rows[key]}})) << parallelism << " " << group;
        } else {
          ASSERT_TRUE(found->empty()) << parallelism << " " << group;
        }
      }
      // Every generation changes every row, so that a row of the generation before it would be noticed.
      std::map<std::string, std::optional<std::string>> changed;
      for (uint32_t group = range.first; group < range.end; ++group) {
        changed[Key(static_cast<KeyGroup>(group), 1, group % 7, "k")] = Cat(group, "-", generation);
      }
      ASSERT_TRUE(WriteRows(**backend, changed).ok());
      next.push_back(Snapshot(**backend, range));
    }
    for (uint32_t group = 0; group < kNumKeyGroups; ++group) {
      rows[Key(static_cast<KeyGroup>(group), 1, group % 7, "k")] = Cat(group, "-", generation);
    }
    handles = next;
  }
}

TEST_P(StateBackendContract, OneTwoOneDoesNotResurrectOldRows) {
  auto one = Make();
  std::string low = Key(10, 1, 0, "k"), high = Key(700, 1, 0, "k");
  ASSERT_TRUE(WriteRows(*one, {{low, "old"}, {high, "old"}}).ok());
  Handle whole = Snapshot(*one, kAll);
  // The upper half is authoritative for its groups only, although its files still hold the lower ones.
  Handle upper = Snapshot(*one, {360, 720});
  auto lower_half = Restored({whole}, {0, 360});
  ASSERT_TRUE(lower_half.ok());
  ASSERT_TRUE(WriteRows(**lower_half, {{low, std::nullopt}}).ok());
  Handle lower = Snapshot(**lower_half, {0, 360});

  for (const auto& handles : {std::vector<Handle>{lower, upper}, std::vector<Handle>{upper, lower}}) {
    auto again = Restored(handles, kAll);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_TRUE(ScanRows(**again, 10, 1)->empty());
    EXPECT_EQ(*ScanRows(**again, 700, 1), (Rows{{high, "old"}}));
  }
  auto alone = Restored({upper}, {360, 720});
  ASSERT_TRUE(alone.ok()) << alone.status();
  EXPECT_TRUE(ScanRows(**alone, 10, 1)->empty());
  EXPECT_EQ(*ScanRows(**alone, 700, 1), (Rows{{high, "old"}}));
}

TEST_P(StateBackendContract, EachHandlesFloorsApplyToItsOwnRows) {
  auto a = Make(), b = Make();
  ASSERT_TRUE(WriteRows(*a, {{Key(1, 1, 10, "k"), "expired"}, {Key(1, 1, 20, "k"), "a"}}).ok());
  ASSERT_TRUE(WriteRows(*b, {{Key(400, 1, 10, "k"), "b"}}).ok());
  ASSERT_TRUE(a->RaiseSliceFloor(1, 15).ok());
  std::vector<Handle> handles = {Snapshot(*a, {0, 360}), Snapshot(*b, {360, 720})};
  auto both = Restored(handles, kAll);
  ASSERT_TRUE(both.ok());
  EXPECT_EQ(*ScanRows(**both, 1, 1), (Rows{{Key(1, 1, 20, "k"), "a"}}));
  EXPECT_EQ(*ScanRows(**both, 400, 1), (Rows{{Key(400, 1, 10, "k"), "b"}}));
}

TEST_P(StateBackendContract, HandlesWithAHoleOrAnOverlapAreDataLoss) {
  auto backend = Make();
  ASSERT_TRUE(WriteRows(*backend, {{Key(1, 1, 0, "k"), "v"}}).ok());
  Handle low = Snapshot(*backend, {0, 360}), high = Snapshot(*backend, {361, 720}),
         wide = Snapshot(*backend, {300, 720});
  EXPECT_EQ(Restored({low, high}, kAll).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Restored({low, wide}, kAll).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Restored({low}, kAll).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(Restored({low, high}, {0, 360}).ok());
}

TEST_P(StateBackendContract, AHandleOfAnotherFormatIsRefused) {
  auto backend = Make();
  Handle handle = Snapshot(*backend, kAll);
  handle.set_format("other-1");
  EXPECT_EQ(Restored({handle}, kAll).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_P(StateBackendContract, ADamagedBlobIsDataLossAndNamed) {
  auto backend = Make();
  ASSERT_TRUE(WriteRows(*backend, {{Key(1, 1, 0, "k"), "v"}}).ok());
  Handle handle = Snapshot(*backend, kAll);
  ASSERT_GT(handle.files_size(), 0);
  for (const auto& file : handle.files()) {
    std::string good = *blobs_.Get(file.blob());
    std::string flipped = good;
    flipped[good.size() / 2] ^= 1;
    for (const std::string& bad : {flipped, good.substr(1), good + "x"}) {
      ASSERT_TRUE(blobs_.Put(file.blob(), bad).ok());
      for (KeyGroupRange range : {kAll, KeyGroupRange{0, 5}}) {
        absl::Status status = Restored({handle}, range).status();
        EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
        EXPECT_NE(StdView(status.message()).find(file.blob()), std::string_view::npos) << status;
      }
    }
    ASSERT_TRUE(blobs_.Delete(file.blob()).ok());
    EXPECT_EQ(Restored({handle}, kAll).status().code(), absl::StatusCode::kDataLoss);
    ASSERT_TRUE(blobs_.Put(file.blob(), good).ok());
  }
  EXPECT_TRUE(Restored({handle}, kAll).ok());
}

// Two backends that are given the same calls.
class Pair {
 public:
  Pair(StateBackendFactory& memory, StateBackendFactory& rocksdb, std::string_view name)
      : memory_(std::move(*memory.Make(name))), rocksdb_(std::move(*rocksdb.Make(name))) {}
  StateBackend& memory() { return *memory_; }
  StateBackend& rocksdb() { return *rocksdb_; }

 private:
  std::unique_ptr<StateBackend> memory_, rocksdb_;
};

struct PairHandles {
  std::vector<Handle> memory, rocksdb;
};

// MILLRACE_SEED repeats a run.
TEST(StateBackends, RandomCallsHaveTheSameAnswers) {
  const char* given = std::getenv("MILLRACE_SEED");
  uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : Random::FromSystem().Next();
  SCOPED_TRACE(Cat("MILLRACE_SEED=", seed));
  Random random(seed);
  std::string root = TestRoot();
  auto memory = MakeFactory("memory", root), rocksdb = MakeFactory("rocksdb", root);
  MemoryBlobStore blobs;
  uint64_t epoch = 0;
  int made = 0;
  PairHandles handles;
  // Groups that straddle the ranges of small parallelisms.
  const std::vector<KeyGroup> groups = {0, 239, 240, 359, 360, 480, 719};
  auto random_key = [&] {
    return Key(groups[random.Below(groups.size())], static_cast<TableId>(random.Below(3)),
               static_cast<Slice>(random.Below(8)) - 4, Cat("k", random.Below(20)));
  };
  for (int life = 0; life < 8; ++life) {
    uint32_t parallelism = 1 + static_cast<uint32_t>(random.Below(4));
    PairHandles next;
    for (uint32_t subtask = 0; subtask < parallelism; ++subtask) {
      KeyGroupRange range = KeyGroupsOfSubtask(subtask, parallelism);
      Pair pair(*memory, *rocksdb, Cat("pair-", made++));
      absl::Status restored = pair.memory().Restore(handles.memory, range, blobs);
      ASSERT_TRUE(restored.ok()) << restored;
      restored = pair.rocksdb().Restore(handles.rocksdb, range, blobs);
      ASSERT_TRUE(restored.ok()) << restored;
      uint64_t calls = 40 + random.Below(40);
      for (uint64_t call = 0; call < calls; ++call) {
        uint64_t kind = random.Below(10);
        if (kind < 5) {
          std::map<std::string, std::optional<std::string>> rows;
          for (uint64_t n = random.Below(60); n > 0; --n) {
            std::string key = random_key();
            if (!range.Contains(ParseStateKey(key)->group)) continue;
            if (random.Chance(0.25)) {
              rows[key] = std::nullopt;
            } else {
              rows[key] = std::string(random.Below(400), 'x') + std::to_string(random.Next());
            }
          }
          ASSERT_TRUE(WriteRows(pair.memory(), rows).ok());
          ASSERT_TRUE(WriteRows(pair.rocksdb(), rows).ok());
        } else if (kind < 7) {
          std::set<std::string> keys;
          for (uint64_t n = random.Below(80); n > 0; --n) keys.insert(random_key());
          std::vector<std::string_view> views(keys.begin(), keys.end());
          std::vector<std::optional<std::string>> a, b;
          ASSERT_TRUE(pair.memory().MultiGet(views, a).ok());
          ASSERT_TRUE(pair.rocksdb().MultiGet(views, b).ok());
          ASSERT_EQ(a, b);
        } else if (kind < 9) {
          KeyGroup group = groups[random.Below(groups.size())];
          TableId table = static_cast<TableId>(random.Below(3));
          Slice first = static_cast<Slice>(random.Below(10)) - 5;
          Slice end = first + static_cast<Slice>(random.Below(10));
          auto a = ScanRows(pair.memory(), group, table, first, end),
               b = ScanRows(pair.rocksdb(), group, table, first, end);
          ASSERT_TRUE(a.ok() && b.ok());
          ASSERT_EQ(*a, *b);
        } else if (random.Chance(0.3)) {
          TableId table = static_cast<TableId>(random.Below(3));
          Slice floor = static_cast<Slice>(random.Below(8)) - 6;
          ASSERT_TRUE(pair.memory().RaiseSliceFloor(table, floor).ok());
          ASSERT_TRUE(pair.rocksdb().RaiseSliceFloor(table, floor).ok());
        } else {
          ++epoch;
          std::string prefix = Cat("p/", epoch);
          ASSERT_TRUE(pair.memory().Snapshot(Epoch(epoch), range, blobs, prefix).ok());
          ASSERT_TRUE(pair.rocksdb().Snapshot(Epoch(epoch), range, blobs, prefix).ok());
        }
      }
      for (KeyGroup group : groups) {
        for (TableId table = 0; table < 3; ++table) {
          auto a = ScanRows(pair.memory(), group, table), b = ScanRows(pair.rocksdb(), group, table);
          ASSERT_TRUE(a.ok() && b.ok());
          ASSERT_EQ(*a, *b) << "group " << group << " table " << table;
        }
      }
      ++epoch;
      auto a = pair.memory().Snapshot(Epoch(epoch), range, blobs, Cat("p/", epoch));
      auto b = pair.rocksdb().Snapshot(Epoch(epoch), range, blobs, Cat("p/", epoch));
      ASSERT_TRUE(a.ok() && b.ok()) << a.status() << b.status();
      next.memory.push_back(*a);
      next.rocksdb.push_back(*b);
    }
    handles = next;
  }
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace millrace
