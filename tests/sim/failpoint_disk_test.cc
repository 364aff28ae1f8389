// The failpoints that the simulation does not reach: real files, RocksDB, a lock. Each of them crashes (in a process of
// its own), fails, and lets a rival in, again and again; what had been acknowledged is there afterwards, what had not
// is there whole or not at all.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/failpoint.h"
#include "base/local_blob_store.h"
#include "base/macros.h"
#include "base/memory_blob_store.h"
#include "base/random.h"
#include "coordinator/file_leadership.h"
#include "coordinator/file_metadata_store.h"
#include "state/rocksdb_backend.h"
#include "state/state_key.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

constexpr int kCrashed = 42;

// Does something when one point is reached for the n-th time. Armed as long as it lives.
class AtPoint final : public FailpointHandler {
 public:
  using Deed = std::function<absl::Status(std::string* bytes)>;
  AtPoint(size_t index, FailpointSide side, uint64_t hit, Deed deed)
      : index_(index), side_(side), hit_(hit), deed_(std::move(deed)) {
    ArmFailpoints(this);
  }
  ~AtPoint() override { ArmFailpoints(nullptr); }
  absl::Status OnPoint(FailpointId id, FailpointSide side, std::string* bytes) override {
    if (busy_ || id.index() != index_ || side != side_ || ++num_hits_ != hit_) return absl::OkStatus();
    fired_ = busy_ = true;
    absl::Status status = deed_(bytes);
    busy_ = false;
    return status;
  }
  bool fired() const { return fired_; }

 private:
  const size_t index_;
  const FailpointSide side_;
  const uint64_t hit_;
  const Deed deed_;
  bool busy_ = false;
  bool fired_ = false;
  uint64_t num_hits_ = 0;
};

struct Point {
  size_t index;
  FailpointSide side;
  std::string ToString() const {
    return Cat(kFailpointActions[index].name, side == FailpointSide::kBefore ? ".before" : ".after");
  }
};

// Both points of every action whose name begins so.
std::vector<Point> PointsOf(std::string_view prefix) {
  std::vector<Point> points;
  for (size_t index = 0; index < std::size(kFailpointActions); ++index) {
    if (!kFailpointActions[index].name.starts_with(prefix)) continue;
    points.push_back({index, FailpointSide::kBefore});
    points.push_back({index, FailpointSide::kAfter});
  }
  return points;
}

AtPoint::Deed Fail(const Point& point) {
  return [point](std::string*) { return absl::Status(kFailpointActions[point.index].error, Cat("planned at ", point.ToString())); };
}

// One per test, and the same in the child process that a death test starts.
std::string Root() {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  std::string name = Cat("millrace-failpoints-", test->test_suite_name(), "-", test->name());
  std::replace(name.begin(), name.end(), '/', '-');
  return Cat(testing::TempDir(), name);
}

// For tests that let a process die: a death test runs its test from the beginning, so each has one death only.
class Deaths : public testing::TestWithParam<Point> {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};
std::string NameOfPoint(const testing::TestParamInfo<Point>& info) {
  std::string name = info.param.ToString();
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

// --- LocalBlobStore ---------------------------------------------------------------------------------------------

using Content = std::optional<std::string>;  // none: no such blob

struct Operation {
  enum class Kind { kPut, kPutIfAbsent, kDelete, kGet } kind;
  std::string name;
  std::string bytes;
};

// Names share directories, so that deletes take away directories that puts are about to use.
std::vector<Operation> Operations() {
  const std::vector<std::string> names = {"a", "d/b", "d/c", "d/e/f"};
  Random random(7);
  std::vector<Operation> operations;
  for (int i = 0; i < 60; ++i) {
    auto kind = static_cast<Operation::Kind>(random.Below(4));
    operations.push_back({kind, names[random.Below(names.size())], Cat("bytes ", i, std::string(random.Below(3000), 'x'))});
  }
  return operations;
}

// What may be in each blob. After a call whose outcome is unknown there are two possibilities.
class Model {
 public:
  explicit Model(const std::vector<Operation>& operations) {
    for (const Operation& operation : operations) may_[operation.name] = {std::nullopt};
  }
  // Nothing: it did not answer, or said that it failed.
  void OnUnknown(const Operation& operation) { Change(operation, /*surely=*/false); }
  void OnAnswered(const Operation& operation, bool created) {
    std::set<Content>& may = may_[operation.name];
    if (operation.kind == Operation::Kind::kPutIfAbsent) {
      ASSERT_TRUE(!created || may.contains(std::nullopt)) << operation.name << " was there, and was made";
      if (!created) {
        may.erase(std::nullopt);
        ASSERT_FALSE(may.empty()) << operation.name << " was not there, and was not made";
        return;
      }
    }
    Change(operation, /*surely=*/true);
  }
  void OnRead(const std::string& name, const Content& found) {
    std::set<Content>& may = may_[name];
    ASSERT_TRUE(may.contains(found)) << name << " holds " << (found.has_value() ? *found : "nothing") << ", possible are "
                                     << may.size() << " other contents";
    may = {found};
  }
  void Compare(LocalBlobStore& store) {
    for (const auto& [name, may] : std::map(may_)) {
      absl::StatusOr<std::string> bytes = store.Get(name);
      ASSERT_TRUE(bytes.ok() || absl::IsNotFound(bytes.status())) << bytes.status();
      OnRead(name, bytes.ok() ? Content(*bytes) : std::nullopt);
    }
  }

 private:
  void Change(const Operation& operation, bool surely) {
    std::set<Content>& may = may_[operation.name];
    bool makes = operation.kind != Operation::Kind::kPutIfAbsent || may.contains(std::nullopt);
    if (operation.kind == Operation::Kind::kGet || !makes) return;
    Content becomes = operation.kind == Operation::Kind::kDelete ? std::nullopt : Content(operation.bytes);
    if (surely) may.clear();
    may.insert(becomes);
  }

  std::map<std::string, std::set<Content>> may_;
};

// The status of one call, and whether it made the blob.
std::pair<absl::Status, bool> Do(LocalBlobStore& store, const Operation& operation, Content* read) {
  switch (operation.kind) {
    case Operation::Kind::kPut:
      return {store.Put(operation.name, operation.bytes), true};
    case Operation::Kind::kPutIfAbsent: {
      absl::StatusOr<PutResult> put = store.PutIfAbsent(operation.name, operation.bytes);
      return {put.status(), put.ok() && *put == PutResult::kCreated};
    }
    case Operation::Kind::kDelete:
      return {store.Delete(operation.name), false};
    case Operation::Kind::kGet: {
      absl::StatusOr<std::string> bytes = store.Get(operation.name);
      if (bytes.ok()) *read = *bytes;
      return {absl::IsNotFound(bytes.status()) ? absl::OkStatus() : bytes.status(), false};
    }
  }
  return {absl::OkStatus(), false};
}

size_t NumTemporary(const std::string& root) {
  size_t num = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    num += entry.path().filename().string().find(".tmp-") != std::string::npos ? 1 : 0;
  }
  return num;
}

TEST(FailpointsOnDisk, ABlobStoreKeepsItsWordWhateverFails) {
  const std::vector<Operation> operations = Operations();
  for (const Point& point : PointsOf("local.")) {
    for (uint64_t hit : {1, 2, 5}) {
      SCOPED_TRACE(Cat(point.ToString(), " ", hit));
      const std::string root = Root();
      fs::remove_all(root);
      auto store = LocalBlobStore::Open(root);
      ASSERT_TRUE(store.ok()) << store.status();
      AtPoint fails(point.index, point.side, hit, Fail(point));
      Model model(operations);
      size_t num_failed = 0;
      for (const Operation& operation : operations) {
        Content read;
        auto [status, created] = Do(**store, operation, &read);
        if (!status.ok()) {
          ++num_failed;
          EXPECT_EQ(status.code(), kFailpointActions[point.index].error) << status;
          model.OnUnknown(operation);
        } else if (operation.kind == Operation::Kind::kGet) {
          model.OnRead(operation.name, read);
        } else {
          model.OnAnswered(operation, created);
        }
        if (HasFatalFailure()) return;
      }
      EXPECT_TRUE(fails.fired());
      EXPECT_EQ(num_failed, 1u);
      model.Compare(**store);
      EXPECT_EQ(NumTemporary(root), 0u);
      fs::remove_all(root);
    }
  }
}

// What a process that died had been told, as it wrote it down: "index created" per answered call, "index" per call that
// it began.
void CrashInTheMiddle(const std::string& root, const Point& point) {
  fs::remove_all(root);
  fs::create_directories(root);
  auto store = LocalBlobStore::Open(root + "/store");
  if (!store.ok()) return;
  std::ofstream told(root + "/told");
  AtPoint crashes(point.index, point.side, 3, [](std::string*) -> absl::Status { _exit(kCrashed); });
  const std::vector<Operation> operations = Operations();
  for (size_t i = 0; i < operations.size(); ++i) {
    told << i << " begins" << std::endl;
    Content read;
    auto [status, created] = Do(**store, operations[i], &read);
    if (status.ok()) told << i << (created ? " made" : " done") << std::endl;
  }
}

class BlobStoreDeaths : public Deaths {};

TEST_P(BlobStoreDeaths, WhatWasAcknowledgedIsThere) {
  const std::string root = Root();
  ASSERT_EXIT(CrashInTheMiddle(root, GetParam()), testing::ExitedWithCode(kCrashed), "");
  const std::vector<Operation> operations = Operations();
  auto store = LocalBlobStore::Open(root + "/store");
  ASSERT_TRUE(store.ok()) << store.status();
  Model model(operations);
  std::ifstream told(root + "/told");
  std::optional<size_t> under_way;
  size_t index = 0;
  for (std::string what; told >> index >> what;) {
    if (what == "begins") {
      under_way = index;
      continue;
    }
    under_way.reset();
    if (operations[index].kind != Operation::Kind::kGet) model.OnAnswered(operations[index], what == "made");
    ASSERT_FALSE(HasFatalFailure());
  }
  ASSERT_TRUE(under_way.has_value());
  model.OnUnknown(operations[*under_way]);
  model.Compare(**store);
  fs::remove_all(root);
}

INSTANTIATE_TEST_SUITE_P(Points, BlobStoreDeaths, testing::ValuesIn(PointsOf("local.")), NameOfPoint);

// At every point of a call another process does something to the same blob, or to the last sibling in its directory.
TEST(FailpointsOnDisk, ABlobStoreKeepsItsWordWhenARivalIsFaster) {
  for (const Point& point : PointsOf("local.")) {
    for (int race = 0; race < 3; ++race) {
      SCOPED_TRACE(Cat(point.ToString(), " race ", race));
      const std::string root = Root();
      fs::remove_all(root);
      auto store = LocalBlobStore::Open(root);
      auto rival = LocalBlobStore::Open(root);
      ASSERT_TRUE(store.ok() && rival.ok());
      ASSERT_TRUE((*store)->Put("d/e/sibling", "there").ok());
      std::optional<PutResult> rivals;
      absl::Status rivals_delete;
      AtPoint lets_in(point.index, point.side, 1, [&](std::string*) {
        if (race == 0) rivals = (*rival)->PutIfAbsent("d/e/name", "rival").value();
        if (race == 1) rivals_delete = (*rival)->Delete("d/e/sibling");
        if (race == 2) rivals = (*rival)->PutIfAbsent("d/e/other", "rival").value();
        return absl::OkStatus();
      });
      if (race < 2) {
        absl::StatusOr<PutResult> put = (*store)->PutIfAbsent("d/e/name", "mine");
        ASSERT_TRUE(put.ok()) << put.status();
        bool won = *put == PutResult::kCreated;
        if (lets_in.fired() && race == 0) {
          EXPECT_NE(won, *rivals == PutResult::kCreated) << "exactly one is told";
        } else {
          EXPECT_TRUE(won);
        }
        EXPECT_EQ((*store)->Get("d/e/name").value(), won ? "mine" : "rival");
        EXPECT_TRUE(rivals_delete.ok()) << rivals_delete;
      } else {
        // The last one out removes the directory, unless somebody has come in.
        ASSERT_TRUE((*store)->Delete("d/e/sibling").ok());
        EXPECT_EQ((*store)->PutIfAbsent("d/e/third", "mine").value(), PutResult::kCreated);
      }
      ASSERT_TRUE((*store)->Put("d/e/name", "replaced").ok());
      EXPECT_EQ((*store)->Get("d/e/name").value(), "replaced");
      if (race == 2 && lets_in.fired()) {
        EXPECT_EQ((*store)->Get("d/e/other").value(), "rival");
      }
      EXPECT_TRUE((*store)->Delete("d/e/name").ok());
      EXPECT_TRUE(lets_in.fired());
      EXPECT_EQ(NumTemporary(root), 0u);
      fs::remove_all(root);
    }
  }
}

// --- RocksDB ----------------------------------------------------------------------------------------------------

using Rows = std::map<std::string, std::string>;
constexpr KeyGroupRange kAll{0, kNumKeyGroups};

absl::StatusOr<std::unique_ptr<RocksDbStateBackendFactory>> MakeFactory(const std::string& root) {
  RocksDbOptions options;
  options.root = root;
  options.block_cache_bytes = 1 << 20;
  options.write_buffer_bytes = 1 << 20;
  options.memtable_bytes = 64 << 10;
  options.file_bytes = 1024;
  options.rows_for_files = 20;
  return RocksDbStateBackendFactory::Open(options);
}

absl::StatusOr<Rows> RowsOf(StateBackend& backend, KeyGroupRange range) {
  Rows rows;
  for (uint32_t group = range.first; group < range.end; ++group) {
    RETURN_IF_ERROR(backend.Scan(static_cast<KeyGroup>(group), 1, 0, 1, [&](std::string_view key, std::string_view value) {
      rows.emplace(key, value);
      return true;
    }));
  }
  return rows;
}

// What a subtask does with its state: writes, snapshots, and restores as a whole and as a half, as after a rescale.
// `on_snapshot` is called with what each complete snapshot holds.
using OnSnapshot = std::function<void(const storage::v1::SnapshotHandle&, const Rows&)>;
absl::Status UseState(RocksDbStateBackendFactory& factory, BlobStore& blobs, const OnSnapshot& on_snapshot) {
  Rows rows;
  storage::v1::SnapshotHandle newest;
  for (uint64_t epoch = 1; epoch <= 3; ++epoch) {
    ASSIGN_OR_RETURN(auto backend, factory.Make(Cat("subtask-", epoch)));
    if (epoch > 1) RETURN_IF_ERROR(backend->Restore(std::vector{newest}, kAll, blobs));
    ASSIGN_OR_RETURN(Rows restored, RowsOf(*backend, kAll));
    if (restored != rows) return absl::UnknownError("a restored state holds other rows");
    // Few rows go through the log-less memtable, many through files.
    for (size_t num_rows : {10, 50}) {
      Rows batch;
      for (size_t i = 0; i < num_rows; ++i) {
        std::string key = EncodeStateKey({static_cast<KeyGroup>(i * 13 % kNumKeyGroups), 1, 0, Cat("key ", i)});
        batch[key] = Cat("value ", epoch, " ", num_rows, " ", i);
      }
      std::vector<StateWrite> writes;
      for (const auto& [key, value] : batch) {
        writes.push_back({key, value});
        rows[key] = value;
      }
      RETURN_IF_ERROR(backend->Write(writes));
    }
    ASSIGN_OR_RETURN(newest, backend->Snapshot(Epoch(epoch), kAll, blobs, Cat("state/", epoch)));
    on_snapshot(newest, rows);
  }
  const KeyGroupRange half{0, kNumKeyGroups / 2};
  ASSIGN_OR_RETURN(auto backend, factory.Make("half"));
  RETURN_IF_ERROR(backend->Restore(std::vector{newest}, half, blobs));
  ASSIGN_OR_RETURN(Rows found, RowsOf(*backend, half));
  std::erase_if(rows, [&](const auto& row) { return !half.Contains(ParseStateKey(row.first)->group); });
  return found == rows ? absl::OkStatus() : absl::UnknownError("a restored half holds other rows");
}

// Whatever failed: a new process restores the newest complete snapshot, and goes on.
void ExpectRestores(const std::string& root, BlobStore& blobs, const storage::v1::SnapshotHandle& handle, const Rows& rows) {
  auto factory = MakeFactory(root);
  ASSERT_TRUE(factory.ok()) << factory.status();
  auto backend = (*factory)->Make("subtask-1");
  ASSERT_TRUE(backend.ok()) << backend.status();
  absl::Status restored = (*backend)->Restore(std::vector{handle}, kAll, blobs);
  ASSERT_TRUE(restored.ok()) << restored;
  EXPECT_EQ(RowsOf(**backend, kAll).value(), rows);
  EXPECT_TRUE((*backend)->Snapshot(Epoch(handle.epoch() + 1), kAll, blobs, "state/next").ok());
}

TEST(FailpointsOnDisk, AStateFailsWithTheCauseAndIsRestored) {
  for (const Point& point : PointsOf("rocksdb.")) {
    for (uint64_t hit : {1, 2, 4}) {
      SCOPED_TRACE(Cat(point.ToString(), " ", hit));
      const std::string root = Root();
      fs::remove_all(root);
      MemoryBlobStore blobs;
      storage::v1::SnapshotHandle newest;
      Rows rows;
      {
        auto factory = MakeFactory(root);
        ASSERT_TRUE(factory.ok()) << factory.status();
        AtPoint fails(point.index, point.side, hit, Fail(point));
        absl::Status status = UseState(**factory, blobs, [&](const auto& handle, const Rows& held) {
          newest = handle;
          rows = held;
        });
        if (!fails.fired()) {
          EXPECT_GT(hit, 1u) << "it is never reached";
          break;
        }
        EXPECT_EQ(status.code(), kFailpointActions[point.index].error) << status;
        EXPECT_NE(status.message().find("planned at"), absl::string_view::npos) << status;
      }
      if (!newest.format().empty()) ExpectRestores(root, blobs, newest, rows);
      fs::remove_all(root);
    }
  }
}

// A bit that flips on its way to or from the local disk: noticed by who reads it, or of no consequence.
TEST(FailpointsOnDisk, DamagedFilesOfAStateAreNoticed) {
  constexpr uint64_t kParts = 8;
  int num_noticed = 0;
  const Point uploads{FailpointId("rocksdb.read_file").index(), FailpointSide::kAfter};
  const Point downloads{FailpointId("rocksdb.download").index(), FailpointSide::kBefore};
  for (const Point& point : {uploads, downloads}) {
    for (uint64_t hit = 1; hit <= 6; ++hit) {
      for (uint64_t part = 0; part < kParts; part += 1 + hit % 3) {
        SCOPED_TRACE(Cat(point.ToString(), " ", hit, " part ", part));
        const std::string root = Root();
        fs::remove_all(root);
        MemoryBlobStore blobs;
        auto factory = MakeFactory(root);
        ASSERT_TRUE(factory.ok()) << factory.status();
        AtPoint damages(point.index, point.side, hit, [part](std::string* bytes) {
          if (!bytes->empty()) (*bytes)[bytes->size() * part / kParts] ^= 0x10;
          return absl::OkStatus();
        });
        absl::Status status = UseState(**factory, blobs, [](const auto&, const Rows&) {});
        EXPECT_TRUE(damages.fired());
        EXPECT_NE(status.code(), absl::StatusCode::kUnknown) << status;
        num_noticed += status.ok() ? 0 : 1;
      }
    }
  }
  EXPECT_GT(num_noticed, 20);
  fs::remove_all(Root());
}

void DieWithAState(const std::string& root, const Point& point) {
  fs::remove_all(root);
  fs::create_directories(root);
  auto blobs = LocalBlobStore::Open(root + "/blobs");
  auto factory = MakeFactory(root + "/state");
  if (!blobs.ok() || !factory.ok()) return;
  AtPoint crashes(point.index, point.side, 2, [](std::string*) -> absl::Status { _exit(kCrashed); });
  absl::Status status = UseState(**factory, **blobs, [&](const storage::v1::SnapshotHandle& handle, const Rows&) {
    std::ofstream(root + "/newest") << handle.SerializeAsString();
  });
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
}

class StateDeaths : public Deaths {};

TEST_P(StateDeaths, TheNewestSnapshotIsRestored) {
  const std::string root = Root();
  ASSERT_EXIT(DieWithAState(root, GetParam()), testing::ExitedWithCode(kCrashed), "");
  // What the snapshots hold, by epoch.
  std::map<uint64_t, Rows> held;
  MemoryBlobStore memory;
  auto calm = MakeFactory(root + "/calm");
  ASSERT_TRUE(calm.ok()) << calm.status();
  absl::Status all = UseState(**calm, memory, [&](const auto& handle, const Rows& rows) { held[handle.epoch()] = rows; });
  ASSERT_TRUE(all.ok()) << all;
  auto blobs = LocalBlobStore::Open(root + "/blobs");
  ASSERT_TRUE(blobs.ok());
  storage::v1::SnapshotHandle newest;
  std::ifstream file(root + "/newest", std::ios::binary);
  ASSERT_TRUE(!file || newest.ParseFromIstream(&file));
  if (newest.epoch() > 0) ExpectRestores(root + "/state", **blobs, newest, held.at(newest.epoch()));
  fs::remove_all(root);
}

INSTANTIATE_TEST_SUITE_P(Points, StateDeaths, testing::ValuesIn(PointsOf("rocksdb.")), NameOfPoint);

// --- Leadership -------------------------------------------------------------------------------------------------

struct Coordinators {
  explicit Coordinators(const std::string& root) : blobs(*LocalBlobStore::Open(root + "/metadata")), store(blobs.get()) {}
  std::unique_ptr<LocalBlobStore> blobs;
  FileMetadataStore store;
};

TEST(FailpointsOnDisk, TermsOnlyRiseWhateverFails) {
  for (const Point& point : PointsOf("leadership.")) {
    SCOPED_TRACE(point.ToString());
    const std::string root = Root();
    fs::remove_all(root);
    fs::create_directories(root);
    Coordinators coordinators(root);
    uint64_t first = FileLeadership(root + "/lock", &coordinators.store).Acquire().value().value();
    FileLeadership leadership(root + "/lock", &coordinators.store);
    AtPoint fails(point.index, point.side, 1, Fail(point));
    absl::StatusOr<Term> failed = leadership.Acquire();
    EXPECT_TRUE(absl::IsUnavailable(failed.status())) << failed.status();
    absl::StatusOr<Term> term = leadership.Acquire();
    ASSERT_TRUE(term.ok()) << term.status();
    EXPECT_GT(term->value(), first);
    FileLeadership rival(root + "/lock", &coordinators.store);
    EXPECT_TRUE(absl::IsUnavailable(rival.Acquire().status()));
    EXPECT_EQ(coordinators.store.Get("leadership")->bytes, std::to_string(term->value()));
    fs::remove_all(root);
  }
}

TEST(FailpointsOnDisk, OneOfTwoThatAskAtOnceLeads) {
  for (const Point& point : PointsOf("leadership.")) {
    SCOPED_TRACE(point.ToString());
    const std::string root = Root();
    fs::remove_all(root);
    fs::create_directories(root);
    Coordinators coordinators(root);
    FileLeadership leadership(root + "/lock", &coordinators.store);
    FileLeadership rival(root + "/lock", &coordinators.store);
    absl::StatusOr<Term> rivals = absl::UnknownError("it did not ask");
    AtPoint lets_in(point.index, point.side, 1, [&](std::string*) {
      rivals = rival.Acquire();
      return absl::OkStatus();
    });
    absl::StatusOr<Term> term = leadership.Acquire();
    ASSERT_TRUE(lets_in.fired());
    EXPECT_NE(term.ok(), rivals.ok()) << term.status() << "; " << rivals.status();
    fs::remove_all(root);
  }
}

void DieAsLeader(const std::string& root, const Point& point) {
  fs::remove_all(root);
  fs::create_directories(root);
  Coordinators coordinators(root);
  FileLeadership leadership(root + "/lock", &coordinators.store);
  AtPoint crashes(point.index, point.side, 1, [](std::string*) -> absl::Status { _exit(kCrashed); });
  leadership.Acquire().IgnoreError();
}

class LeaderDeaths : public Deaths {};

TEST_P(LeaderDeaths, AnotherLeadsInALaterTerm) {
  const std::string root = Root();
  ASSERT_EXIT(DieAsLeader(root, GetParam()), testing::ExitedWithCode(kCrashed), "");
  Coordinators coordinators(root);
  absl::StatusOr<VersionedRecord> before = coordinators.store.Get("leadership");
  absl::StatusOr<Term> term = FileLeadership(root + "/lock", &coordinators.store).Acquire();
  ASSERT_TRUE(term.ok()) << term.status();
  EXPECT_EQ(term->value(), before.ok() ? std::stoull(before->bytes) + 1 : 1);
  fs::remove_all(root);
}

INSTANTIATE_TEST_SUITE_P(Points, LeaderDeaths, testing::ValuesIn(PointsOf("leadership.")), NameOfPoint);

}  // namespace
}  // namespace millrace
