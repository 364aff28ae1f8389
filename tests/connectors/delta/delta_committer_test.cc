#include "connectors/delta/delta_committer.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <thread>

#include "base/checksum_field.h"
#include "base/local_blob_store.h"
#include "base/memory_blob_store.h"
#include "base/random.h"
#include "connectors/delta/delta_catalog.h"
#include "connectors/delta/delta_log.h"
#include "millrace/storage/v1/delta_committable.pb.h"
#include "tests/connectors/delta/delta_test_support.h"
#include "tests/connectors/delta/faulty_blob_store.h"
#include "tests/planted/planted_switch.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;

const FixedClock kClock;
const CommitIdentity kIdentity{"orders", "sink", "life1"};

std::shared_ptr<arrow::Schema> Schema() { return arrow::schema({arrow::field("id", arrow::int64())}); }

void CreateTable(BlobStore* store, const CommitIdentity& identity = kIdentity) {
  DeltaCatalog catalog({"table", Schema(), {}, true, false}, std::shared_ptr<BlobStore>(store, [](BlobStore*) {}),
                       &kClock);
  ASSERT_TRUE(catalog.Prepare(identity, "").ok());
}

DeltaCommitterOptions OptionsFor(const CommitIdentity& identity) {
  DeltaCommitterOptions options;
  options.identity = identity;
  options.schema = Schema();
  options.table_path = "table";
  return options;
}

std::unique_ptr<DeltaCommitter> MakeCommitter(BlobStore* store, DeltaCommitterOptions options = OptionsFor(kIdentity)) {
  return std::make_unique<DeltaCommitter>(std::move(options), std::shared_ptr<BlobStore>(store, [](BlobStore*) {}),
                                          &kClock);
}

std::string FileOf(const std::string& owner, uint64_t epoch) { return Cat("part-", owner, "-", epoch, ".parquet"); }

// An epoch of one file; the file itself only has to exist.
storage::v1::Committable Stage(BlobStore* store, const std::string& owner, uint64_t epoch,
                               const std::string& content = "rows") {
  std::string path = FileOf(owner, epoch);
  EXPECT_TRUE(store->Put(path, content).ok());
  storage::v1::DeltaCommittable committable;
  committable.set_format_version(1);
  auto& file = *committable.add_files();
  file.set_path(path);
  file.set_size_bytes(static_cast<int64_t>(content.size()));
  file.set_num_rows(2);
  file.set_stats(R"({"numRecords":2})");
  return CommittableOf(Epoch(epoch), committable.SerializeAsString());
}

absl::StatusOr<CommitReceipt> CommitOne(Committer& committer, uint64_t epoch,
                                        const storage::v1::Committable& committable) {
  return committer.Commit({Generation(1), Epoch(epoch), std::span(&committable, 1), {}});
}

// What a log holds: of every file how often it was added, and of every appId its markers in order.
struct Audit {
  std::map<std::string, int> added;
  std::map<std::string, std::vector<int64_t>> markers;
  int64_t version = -1;
};

Audit AuditLog(BlobStore* store) {
  Audit audit;
  DeltaLog log(store);
  while (true) {
    auto commit = log.ReadCommit(audit.version + 1);
    if (!commit.ok()) break;
    ++audit.version;
    for (const auto& add : commit->adds) ++audit.added[add.path];
    for (const auto& txn : commit->txns) audit.markers[txn.app_id].push_back(txn.version);
  }
  // Nothing behind a hole.
  const std::vector<std::string> names = *store->List("_delta_log/");
  EXPECT_EQ(std::count_if(names.begin(), names.end(), [](const auto& name) { return name.ends_with(".json"); }),
            audit.version + 1);
  return audit;
}

bool IsExact(const Audit& audit, const std::string& owner, const std::string& app_id, uint64_t num_epochs) {
  for (uint64_t epoch = 1; epoch <= num_epochs; ++epoch) {
    auto found = audit.added.find(FileOf(owner, epoch));
    if (found == audit.added.end() || found->second != 1) return false;
  }
  auto markers = audit.markers.find(app_id);
  return markers != audit.markers.end() && markers->second.size() == num_epochs &&
         std::is_sorted(markers->second.begin(), markers->second.end());
}

TEST(DeltaCommitter, AnEpochIsOneVersionWithItsMarker) {
  MemoryBlobStore store;
  CreateTable(&store);
  auto committer = MakeCommitter(&store);
  auto committable = Stage(&store, "a", 7);
  storage::v1::SourceState position;
  position.set_uid("in");
  auto& split = *position.add_splits();
  split.set_id("orders/0");
  split.set_position(42);
  auto receipt = committer->Commit({Generation(3), Epoch(7), std::span(&committable, 1), std::span(&position, 1)});
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_FALSE(receipt->duplicate);
  EXPECT_EQ(receipt->table_version, 1u);
  EXPECT_EQ(receipt->num_rows, 2u);
  std::string text = *store.Get(DeltaCommitName(1));
  EXPECT_THAT(text, HasSubstr(R"("operation":"STREAMING UPDATE")"));
  EXPECT_THAT(text, HasSubstr(R"("sourcePositions":{"in":{"orders/0":42}})"));
  EXPECT_THAT(text,
              HasSubstr(R"({"txn":{"appId":"millrace/orders/sink/life1","version":7,"lastUpdated":1795255200000}})"));
}

TEST(DeltaCommitter, TheSameEpochAgainIsADuplicateAlsoForAnotherProcess) {
  MemoryBlobStore store;
  CreateTable(&store);
  auto committable = Stage(&store, "a", 1);
  ASSERT_TRUE(CommitOne(*MakeCommitter(&store), 1, committable).ok());
  auto later = Stage(&store, "a", 2);
  ASSERT_TRUE(CommitOne(*MakeCommitter(&store), 2, later).ok());
  auto again = CommitOne(*MakeCommitter(&store), 1, committable);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(again->table_version, 1u);
  EXPECT_EQ(AuditLog(&store).version, 2);
}

TEST(DeltaCommitter, TheSameEpochWithOtherContentHalts) {
  MemoryBlobStore store;
  CreateTable(&store);
  auto one = Stage(&store, "a", 1);
  auto other = Stage(&store, "b", 1);
  ASSERT_TRUE(CommitOne(*MakeCommitter(&store), 1, one).ok());
  EXPECT_EQ(CommitOne(*MakeCommitter(&store), 1, other).status().code(), absl::StatusCode::kDataLoss);
}

TEST(DeltaCommitter, AnEmptyEpochWritesNothing) {
  MemoryBlobStore store;
  CreateTable(&store);
  auto receipt = MakeCommitter(&store)->Commit({Generation(1), Epoch(1), {}, {}});
  ASSERT_TRUE(receipt.ok());
  EXPECT_EQ(receipt->table_version, 0u);
  EXPECT_EQ(AuditLog(&store).version, 0);
}

TEST(DeltaCommitter, AFenceKeepsOlderEpochsOutAndIsIdempotent) {
  MemoryBlobStore store;
  CreateTable(&store);
  auto zombie = MakeCommitter(&store);
  auto first = Stage(&store, "a", 1);
  ASSERT_TRUE(CommitOne(*zombie, 1, first).ok());
  auto abandoned = Stage(&store, "a", 5);
  auto same = Stage(&store, "a", 9);
  ASSERT_TRUE(MakeCommitter(&store)->Fence(Generation(2), Epoch(9), "").ok());
  EXPECT_EQ(CommitOne(*zombie, 5, abandoned).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(CommitOne(*zombie, 9, same).status().code(), absl::StatusCode::kAborted);
  auto again = MakeCommitter(&store)->Fence(Generation(2), Epoch(9), "");
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->duplicate);
  // What was committed before the fence is still known to be.
  EXPECT_TRUE(CommitOne(*zombie, 1, first)->duplicate);
  auto next = Stage(&store, "a", 10);
  EXPECT_TRUE(CommitOne(*MakeCommitter(&store), 10, next).ok());
  Audit audit = AuditLog(&store);
  EXPECT_EQ(audit.added.count(FileOf("a", 5)), 0u);
  EXPECT_EQ(audit.version, 3);
}

TEST(DeltaCommitter, AStagedFileThatIsGoneHalts) {
  MemoryBlobStore store;
  CreateTable(&store);
  auto committable = Stage(&store, "a", 1);
  ASSERT_TRUE(store.Delete(FileOf("a", 1)).ok());
  absl::Status status = CommitOne(*MakeCommitter(&store), 1, committable).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("vacuumed"));
}

TEST(DeltaCommitter, AStagedFileOfOtherBytesHaltsWhereItIsLookedAt) {
  MemoryBlobStore store;
  CreateTable(&store);
  auto committable = Stage(&store, "a", 1);
  storage::v1::DeltaCommittable decoded;
  ASSERT_TRUE(decoded.ParseFromString(committable.bytes()));
  std::string bytes = *store.Get(FileOf("a", 1));
  decoded.mutable_files(0)->set_checksum(Xxh128Hex(bytes));
  committable.set_bytes(decoded.SerializeAsString());
  const std::string whole = bytes;
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  ASSERT_TRUE(store.Put(FileOf("a", 1), bytes).ok());
  CommitRequest request{Generation(1), Epoch(1), std::span(&committable, 1), {}};
  request.verify = true;
  absl::Status status = MakeCommitter(&store)->Commit(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr(Cat("staged file ", FileOf("a", 1), " has checksum ")));
  ASSERT_TRUE(store.Put(FileOf("a", 1), whole).ok());
  EXPECT_TRUE(MakeCommitter(&store)->Commit(request).ok());
}

TEST(DeltaCommitter, ATableThatVanishedOrGotAnUnknownFeatureIsNotWritten) {
  MemoryBlobStore store;
  CreateTable(&store);
  auto committer = MakeCommitter(&store);
  auto one = Stage(&store, "a", 1);
  auto two = Stage(&store, "a", 2);
  ASSERT_TRUE(CommitOne(*committer, 1, one).ok());
  ASSERT_TRUE(store
                  .Put(DeltaCommitName(2),
                       R"({"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["rowTracking"]}})")
                  .ok());
  absl::Status status = CommitOne(*committer, 2, two).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("feature rowTracking"));

  MemoryBlobStore other;
  CreateTable(&other);
  auto survivor = MakeCommitter(&other);
  auto first = Stage(&other, "a", 1);
  auto second = Stage(&other, "a", 2);
  ASSERT_TRUE(CommitOne(*survivor, 1, first).ok());
  const std::vector<std::string> log_names = *other.List("_delta_log/");
  for (const auto& name : log_names) ASSERT_TRUE(other.Delete(name).ok());
  EXPECT_EQ(CommitOne(*survivor, 2, second).status().code(), absl::StatusCode::kDataLoss);
}

// Moves the log of `from` to the place of that of `to`, as a person does with mv.
void ReplaceLog(BlobStore* from, BlobStore* to) {
  const std::vector<std::string> old_names = *to->List("_delta_log/");
  for (const auto& name : old_names) ASSERT_TRUE(to->Delete(name).ok());
  const std::vector<std::string> new_names = *from->List("_delta_log/");
  for (const auto& name : new_names) ASSERT_TRUE(to->Put(name, *from->Get(name)).ok());
}

TEST(DeltaCommitter, ATableReplacedBehindALivingCommitterIsNotWritten) {
  const CommitIdentity theirs{"theirs", "sink", "life1"};
  // Ours has versions 0 to 2. Theirs is as long, longer, so long that it has a checkpoint, and that but cleaned up.
  struct Case {
    uint64_t their_epochs;
    bool cleaned_up;
  };
  for (const Case& given : {Case{2, false}, Case{3, false}, Case{7, false}, Case{12, false}, Case{12, true}}) {
    SCOPED_TRACE(Cat(given.their_epochs, " epochs, cleaned up: ", given.cleaned_up));
    MemoryBlobStore foreign;
    CreateTable(&foreign, theirs);
    auto other = MakeCommitter(&foreign, OptionsFor(theirs));
    for (uint64_t epoch = 1; epoch <= given.their_epochs; ++epoch) {
      auto committable = Stage(&foreign, "b", epoch);
      ASSERT_TRUE(CommitOne(*other, epoch, committable).ok());
    }
    for (int64_t version = 0; given.cleaned_up && version < 10; ++version)
      ASSERT_TRUE(foreign.Delete(DeltaCommitName(version)).ok());
    MemoryBlobStore store;
    CreateTable(&store);
    auto committer = MakeCommitter(&store);
    for (uint64_t epoch = 1; epoch <= 2; ++epoch) {
      auto committable = Stage(&store, "a", epoch);
      ASSERT_TRUE(CommitOne(*committer, epoch, committable).ok());
    }
    MemoryBlobStore moved_away;
    ReplaceLog(&store, &moved_away);
    ReplaceLog(&foreign, &store);
    const std::vector<std::string> before = *store.List("_delta_log/");
    auto third = Stage(&store, "a", 3);
    absl::Status status = CommitOne(*committer, 3, third).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("another table is in its place"));
    EXPECT_THAT(std::string(status.message()), HasSubstr("Put the old table back"));
    EXPECT_EQ(committer->Fence(Generation(2), Epoch(9), "").status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(*store.List("_delta_log/"), before);
    // Which is what helps, also without a new committer.
    ReplaceLog(&moved_away, &store);
    auto receipt = CommitOne(*committer, 3, third);
    ASSERT_TRUE(receipt.ok()) << receipt.status();
    EXPECT_EQ(receipt->table_version, 3u);
  }
}

TEST(DeltaCommitter, ATableThatStartsAtACheckpointIsKnownAgain) {
  const CommitIdentity theirs{"theirs", "sink", "life1"};
  auto make = [](BlobStore* store, const CommitIdentity& identity) {
    CreateTable(store, identity);
    auto writer = MakeCommitter(store, OptionsFor(identity));
    for (uint64_t epoch = 1; epoch <= 10; ++epoch) {
      auto committable = Stage(store, "a", epoch);
      ASSERT_TRUE(CommitOne(*writer, epoch, committable).ok());
    }
    for (int64_t version = 0; version <= 10; ++version) ASSERT_TRUE(store->Delete(DeltaCommitName(version)).ok());
  };
  MemoryBlobStore store;
  MemoryBlobStore foreign;
  make(&store, kIdentity);
  make(&foreign, theirs);
  auto committer = MakeCommitter(&store);
  auto last = Stage(&store, "a", 10);
  ASSERT_TRUE(CommitOne(*committer, 10, last)->duplicate);
  auto next = Stage(&store, "a", 11);
  MemoryBlobStore moved_away;
  ReplaceLog(&store, &moved_away);
  ReplaceLog(&foreign, &store);
  absl::Status status = CommitOne(*committer, 11, next).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("another table is in its place"));
  ReplaceLog(&moved_away, &store);
  auto receipt = CommitOne(*committer, 11, next);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->table_version, 11u);
}

TEST(DeltaCommitter, TheLoserRebasesOnTheWinner) {
  MemoryBlobStore store;
  CreateTable(&store);
  auto loser = MakeCommitter(&store);
  auto winner = MakeCommitter(&store, OptionsFor({"other", "sink", "life1"}));
  auto first = Stage(&store, "a", 1);
  ASSERT_TRUE(CommitOne(*loser, 1, first).ok());
  auto theirs = Stage(&store, "b", 1);
  ASSERT_TRUE(CommitOne(*winner, 1, theirs).ok());
  auto second = Stage(&store, "a", 2);
  auto receipt = CommitOne(*loser, 2, second);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->table_version, 3u);
}

TEST(DeltaCommitter, RacingThreadsOnADirectoryCommitEveryEpochOnce) {
  TemporaryDirectory directory;
  auto store = LocalBlobStore::Open(directory.path());
  ASSERT_TRUE(store.ok()) << store.status();
  CreateTable(store->get());
  constexpr uint64_t kEpochs = 8;
  const std::string owners[] = {"a", "b", "c"};
  for (const std::string& owner : owners) {
    for (uint64_t epoch = 1; epoch <= kEpochs; ++epoch) Stage(store->get(), owner, epoch);
  }
  // Two processes for every sink: one of them is a zombie that does not know it.
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, owner = owners[i % 3]] {
      auto committer = MakeCommitter(store->get(), OptionsFor({owner, "sink", "life1"}));
      for (uint64_t epoch = 1; epoch <= kEpochs; ++epoch) {
        storage::v1::DeltaCommittable staged;
        staged.set_format_version(1);
        auto& file = *staged.add_files();
        file.set_path(FileOf(owner, epoch));
        file.set_size_bytes(4);
        auto committable = CommittableOf(Epoch(epoch), staged.SerializeAsString());
        auto receipt = CommitOne(*committer, epoch, committable);
        EXPECT_TRUE(receipt.ok()) << receipt.status();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  Audit audit = AuditLog(store->get());
  EXPECT_EQ(audit.version, static_cast<int64_t>(3 * kEpochs));
  for (const std::string& owner : owners)
    EXPECT_TRUE(IsExact(audit, owner, DeltaAppId({owner, "sink", "life1"}), kEpochs)) << owner;
}

// Three committers of one sink, of which at least two are zombies, and one of another sink, over a store that loses
// answers. They run within each other's operations. Returns whether every epoch is in the log exactly once, in order.
bool RunSchedule(uint64_t seed, const char* planted_bug = "") {
  PlantedSwitch bug(planted_bug);
  constexpr uint64_t kEpochs = 6;
  Random random(seed);
  MemoryBlobStore memory;
  CreateTable(&memory);
  FaultyBlobStore store(&memory, random.Next());
  std::map<std::string, std::vector<storage::v1::Committable>> staged;
  for (const std::string owner : {"a", "b"}) {
    for (uint64_t epoch = 1; epoch <= kEpochs; ++epoch) staged[owner].push_back(Stage(&memory, owner, epoch));
  }
  struct Actor {
    std::string owner;
    std::unique_ptr<DeltaCommitter> committer;
    uint64_t next_epoch = 1;
    bool busy = false;
  };
  auto make = [&](const std::string& owner) {
    DeltaCommitterOptions options = OptionsFor(owner == "a" ? kIdentity : CommitIdentity{"other", "sink", "life1"});
    options.checkpoint_interval = 4;
    return MakeCommitter(&store, std::move(options));
  };
  std::vector<Actor> actors;
  for (const char* owner : {"a", "a", "a", "b"}) actors.push_back({owner, make(owner)});
  auto step = [&](Actor& actor) {
    if (actor.busy || actor.next_epoch > kEpochs) return;
    actor.busy = true;
    auto receipt = CommitOne(*actor.committer, actor.next_epoch, staged[actor.owner][actor.next_epoch - 1]);
    if (receipt.ok()) {
      ++actor.next_epoch;
    } else {
      EXPECT_EQ(receipt.status().code(), absl::StatusCode::kUnavailable) << "seed " << seed << ": " << receipt.status();
    }
    actor.busy = false;
  };
  int depth = 0;
  store.set_interleave([&] {
    if (depth >= 2) return;
    ++depth;
    step(actors[random.Below(actors.size())]);
    --depth;
  });
  for (int turn = 0; turn < 40; ++turn) {
    Actor& actor = actors[random.Below(actors.size())];
    // A crash: its successor knows only what is in the table.
    if (random.Chance(0.1)) actor.committer = make(actor.owner);
    step(actor);
  }
  store.set_faults(false);
  for (Actor& actor : actors) {
    while (actor.next_epoch <= kEpochs) step(actor);
  }
  store.LandDelayed();
  Audit audit = AuditLog(&memory);
  return IsExact(audit, "a", DeltaAppId(kIdentity), kEpochs) &&
         IsExact(audit, "b", DeltaAppId({"other", "sink", "life1"}), kEpochs);
}

TEST(DeltaCommitter, EveryEpochIsCommittedOnceThroughLostAnswersAndZombies) {
  for (uint64_t seed = 1; seed <= 600; ++seed) ASSERT_TRUE(RunSchedule(seed)) << "seed " << seed;
}

TEST(DeltaCommitter, TheSchedulesFindASkippedMarkerCheck) {
  int found = 0;
  for (uint64_t seed = 1; seed <= 50; ++seed) found += RunSchedule(seed, "txn_check_skipped") ? 0 : 1;
  EXPECT_GT(found, 25);
}

TEST(DeltaCommitter, NothingOlderIsCommittedAfterAFenceThatSucceeded) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    MemoryBlobStore memory;
    CreateTable(&memory);
    FaultyBlobStore store(&memory, random.Next());
    auto zombie = MakeCommitter(&store);
    std::vector<storage::v1::Committable> staged;
    for (uint64_t epoch = 1; epoch <= 6; ++epoch) staged.push_back(Stage(&memory, "a", epoch));
    uint64_t next = 1;
    bool aborted = false;
    auto step = [&] {
      if (next > 6 || aborted) return;
      auto receipt = CommitOne(*zombie, next, staged[next - 1]);
      if (receipt.ok()) ++next;
      aborted = absl::IsAborted(receipt.status());
    };
    for (uint64_t i = random.Below(6); i > 0; --i) step();
    bool busy = false;
    store.set_interleave([&] {
      if (busy) return;
      busy = true;
      step();
      busy = false;
    });
    auto fencer = MakeCommitter(&store);
    while (true) {
      auto receipt = fencer->Fence(Generation(2), Epoch(50), "");
      if (receipt.ok()) break;
      ASSERT_EQ(receipt.status().code(), absl::StatusCode::kUnavailable) << "seed " << seed;
    }
    store.set_interleave(nullptr);
    Audit at_fence = AuditLog(&memory);
    for (int i = 0; i < 20; ++i) step();
    store.LandDelayed();
    Audit at_end = AuditLog(&memory);
    ASSERT_EQ(at_fence.added, at_end.added) << "seed " << seed;
    ASSERT_EQ(at_end.markers[DeltaAppId(kIdentity)].back(), 50) << "seed " << seed;
    // Whoever was not committed was told so.
    ASSERT_TRUE(aborted || next > 6 || at_end.added.size() == next - 1) << "seed " << seed;
  }
}

}  // namespace
}  // namespace millrace
