// What every sink that stages and commits promises: its Sink, Committer and SinkCatalog together, on each of them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "absl/strings/str_split.h"
#include "arrow/array.h"
#include "arrow/builder.h"
#include "arrow/record_batch.h"
#include "arrow/type.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/memory_blob_store.h"
#include "base/random.h"
#include "connectors/registry.h"
#include "connectors/result/result_reader.h"
#include "tests/connectors/delta/faulty_blob_store.h"

namespace millrace {
namespace {

const CommitIdentity kIdentity{"orders", "out", "life1"};

// An id must not depend on when it was asked for.
class FixedClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(1'795'255'200); }
  absl::Duration Monotonic() const override { return absl::ZeroDuration(); }
};

// One store whatever the path.
class OneStore final : public BlobStoreFactory {
 public:
  explicit OneStore(BlobStore* store) : store_(store) {}
  absl::StatusOr<std::shared_ptr<BlobStore>> Open(std::string_view) override {
    return std::shared_ptr<BlobStore>(store_, [](BlobStore*) {});
  }

 private:
  BlobStore* const store_;
};

struct Kind {
  std::string connector;
  std::map<std::string, std::string> options;
  // It remembers what was committed, so that a duplicate is told and late epochs are fenced off.
  bool remembers = true;
};

std::vector<Kind> Kinds() {
  return {{"delta", {{"table-path", "t"}}},
          {"filesystem", {{"path", "t"}, {"format", "json"}}},
          {"result", {{"path", "t"}}},
          {"blackhole", {}, false},
          {"print", {{"standard-error", "true"}}, false}};
}

std::vector<std::string> ListAll(BlobStore& store) { return *store.List(""); }

std::shared_ptr<arrow::Schema> Schema() {
  return arrow::schema({arrow::field("id", arrow::int64()), arrow::field("s", arrow::utf8())});
}

std::shared_ptr<arrow::RecordBatch> Rows(int64_t first, int64_t count) {
  arrow::Int64Builder ids;
  arrow::StringBuilder texts;
  for (int64_t id = first; id < first + count; ++id) {
    EXPECT_TRUE(ids.Append(id).ok() && texts.Append(Cat("part ", id % 2)).ok());
  }
  return arrow::RecordBatch::Make(Schema(), count, {ids.Finish().ValueOrDie(), texts.Finish().ValueOrDie()});
}

class SinkContract : public ::testing::TestWithParam<Kind> {
 protected:
  SinkContract() { Use(&store_); }

  void Use(BlobStore* store) {
    factory_ = std::make_unique<OneStore>(store);
    registry_ = std::make_unique<ConnectorRegistry>(BuiltinConnectors({&clock_, nullptr, factory_.get(), nullptr}));
    connector_ = *registry_->FindSink(GetParam().connector);
  }
  SinkSpec Spec(uint32_t subtask = 0) const {
    SinkSpec spec;
    spec.identity = kIdentity;
    spec.sink.set_connector(GetParam().connector);
    for (const auto& [name, value] : GetParam().options) (*spec.sink.mutable_options())[name] = value;
    spec.schema = Schema();
    spec.subtask_index = subtask;
    spec.generation = Generation(1);
    return spec;
  }
  absl::StatusOr<std::string> Prepare() { return (*connector_->OpenCatalog(Spec()))->Prepare(kIdentity, ""); }
  absl::StatusOr<storage::v1::Committable> Stage(uint32_t subtask, uint64_t epoch, int64_t first, int64_t count) {
    ASSIGN_OR_RETURN(auto sink, connector_->MakeSink(Spec(subtask)));
    RETURN_IF_ERROR(sink->Write(*Rows(first, count)));
    ASSIGN_OR_RETURN(auto staged, sink->Seal(Epoch(epoch)));
    storage::v1::Committable committable;
    committable.set_sealed_epoch(epoch);
    ASSIGN_OR_RETURN(*committable.mutable_bytes(), staged->Persist());
    return committable;
  }
  std::unique_ptr<Committer> MakeCommitter() { return *connector_->MakeCommitter(Spec()); }
  static absl::StatusOr<CommitReceipt> Commit(Committer& committer, uint64_t epoch, const std::vector<storage::v1::Committable>& staged,
                                              std::string_view table_id = "") {
    CommitRequest request{Generation(1), Epoch(epoch), staged, {}};
    request.table_id = table_id;
    return committer.Commit(request);
  }
  std::vector<uint64_t> Committed() {
    std::vector<uint64_t> epochs;
    auto found = (*connector_->OpenCatalog(Spec()))->CommittedAfter(kIdentity, "", Epoch(0));
    EXPECT_TRUE(found.ok()) << found.status();
    for (const EpochInTable& one : *found) epochs.push_back(one.epoch.value());
    return epochs;
  }

  // What is seen of epochs 1 to `epochs` as the test below writes them: every row once. In order, where there is one.
  void Verify(MemoryBlobStore& store, uint64_t epochs) {
    std::vector<std::string> expected;
    std::vector<std::string> found;
    const bool is_result = GetParam().connector == "result";
    auto line = [&](uint64_t id) {
      return is_result ? Cat("[", id, ",\"part ", id % 2, "\"]") : Cat("{\"id\":", id, ",\"s\":\"part ", id % 2, "\"}");
    };
    for (uint64_t epoch = 1; epoch <= epochs; ++epoch) {
      for (uint64_t i = 0; i < 5; ++i) expected.push_back(line(epoch * 100 + i));
      for (uint64_t i = 0; i < 3; ++i) expected.push_back(line(epoch * 100 + 50 + i));
    }
    auto add = [&](const std::string& text) {
      for (absl::string_view one : absl::StrSplit(text, '\n', absl::SkipEmpty())) found.emplace_back(one);
    };
    if (is_result) {
      ResultReader reader(*OneStore(&store).Open(""), kIdentity);
      ResultCursor at;
      while (true) {
        auto part = reader.Next(at);
        ASSERT_TRUE(part.ok()) << part.status();
        if (!part->has_value()) break;
        add((*part)->lines);
        at = (*part)->next;
      }
    } else if (GetParam().connector == "filesystem") {
      for (const std::string& name : ListAll(store)) {
        if (!name.starts_with("_millrace/")) add(*store.Get(name));
      }
      EXPECT_EQ(*store.List("_millrace/orders/out/life1/staged/"), std::vector<std::string>());
      std::sort(found.begin(), found.end());
      std::sort(expected.begin(), expected.end());
    } else {
      return;  // tests/connectors/delta reads its log
    }
    EXPECT_EQ(found, expected);
  }

  FixedClock clock_;
  MemoryBlobStore store_;
  std::unique_ptr<OneStore> factory_;
  std::unique_ptr<ConnectorRegistry> registry_;
  const SinkConnector* connector_ = nullptr;
};

// Sinks that stage rows and remember what was committed.
class RememberingSinkContract : public SinkContract {};

TEST_P(SinkContract, NothingWrittenIsNothingToCommit) {
  ASSERT_TRUE(Prepare().ok());
  auto sink = *connector_->MakeSink(Spec());
  EXPECT_EQ(*sink->Seal(Epoch(1)), nullptr);
  auto receipt = Commit(*MakeCommitter(), 1, {});
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->num_rows, 0u);
  EXPECT_EQ(Committed(), std::vector<uint64_t>());
}

TEST_P(SinkContract, AnEpochIsCommittedOnceHoweverOftenItIsAsked) {
  const std::string id = *Prepare();
  std::vector<storage::v1::Committable> staged = {*Stage(0, 1, 0, 5), *Stage(1, 1, 100, 7)};
  auto first = Commit(*MakeCommitter(), 1, staged, id);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->num_rows, 12u);
  EXPECT_FALSE(first->duplicate);
  // By another process, and with the answers of the subtasks in another order.
  std::swap(staged[0], staged[1]);
  auto second = Commit(*MakeCommitter(), 1, staged, id);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->duplicate, GetParam().remembers);
  EXPECT_EQ(second->num_rows, 12u);
  EXPECT_EQ(second->table_version, first->table_version);
  EXPECT_EQ(Committed(), std::vector<uint64_t>(GetParam().remembers ? 1 : 0, 1));
}

TEST_P(SinkContract, PreparingAgainChangesNothing) {
  const std::string id = *Prepare();
  ASSERT_TRUE(Commit(*MakeCommitter(), 3, {*Stage(0, 3, 0, 5)}, id).ok());
  auto catalog = *connector_->OpenCatalog(Spec());
  EXPECT_EQ(*catalog->Prepare(kIdentity, id), id);
  EXPECT_EQ(*catalog->LastCommitted(kIdentity), GetParam().remembers ? Epoch(3) : Epoch());
}

TEST_P(RememberingSinkContract, TheSameEpochWithOtherRowsIsDataLoss) {
  const std::string id = *Prepare();
  ASSERT_TRUE(Commit(*MakeCommitter(), 1, {*Stage(0, 1, 0, 5)}, id).ok());
  EXPECT_EQ(Commit(*MakeCommitter(), 1, {*Stage(0, 1, 50, 5)}, id).status().code(), absl::StatusCode::kDataLoss);
}

TEST_P(SinkContract, AFenceKeepsOutEveryEpochUpToIt) {
  const std::string id = *Prepare();
  auto early = MakeCommitter();
  ASSERT_TRUE(Commit(*early, 1, {*Stage(0, 1, 0, 5)}, id).ok());
  ASSERT_TRUE(MakeCommitter()->Fence(Generation(2), Epoch(7), id).ok());
  ASSERT_TRUE(MakeCommitter()->Fence(Generation(2), Epoch(7), id).ok());
  if (!GetParam().remembers) return;
  for (uint64_t epoch : {2, 7}) {
    EXPECT_EQ(Commit(*early, epoch, {*Stage(0, epoch, 10, 5)}, id).status().code(), absl::StatusCode::kAborted) << epoch;
  }
  EXPECT_TRUE(Commit(*early, 1, {*Stage(0, 1, 0, 5)}, id)->duplicate);
  ASSERT_TRUE(Commit(*early, 8, {*Stage(0, 8, 20, 5)}, id).ok());
  EXPECT_EQ(Committed(), (std::vector<uint64_t>{1, 8}));
}

TEST_P(RememberingSinkContract, AStagedFileThatIsGoneIsDataLoss) {
  const std::string id = *Prepare();
  const std::vector<std::string> before = *store_.List("");
  auto staged = *Stage(0, 1, 0, 5);
  for (const std::string& name : ListAll(store_)) {
    if (std::find(before.begin(), before.end(), name) != before.end()) continue;
    ASSERT_TRUE(store_.Delete(name).ok());
  }
  EXPECT_EQ(Commit(*MakeCommitter(), 1, {staged}, id).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Committed(), std::vector<uint64_t>());
}

TEST_P(RememberingSinkContract, DamageToAStagedFileIsDataLossWhenItIsVerified) {
  const std::string id = *Prepare();
  const std::vector<std::string> before = *store_.List("");
  std::vector<storage::v1::Committable> staged = {*Stage(0, 1, 0, 5)};
  for (const std::string& name : ListAll(store_)) {
    if (std::find(before.begin(), before.end(), name) != before.end()) continue;
    std::string bytes = *store_.Get(name);
    bytes[bytes.size() / 2] ^= 1;
    ASSERT_TRUE(store_.Put(name, bytes).ok());
  }
  CommitRequest request{Generation(1), Epoch(1), staged, {}};
  request.table_id = id;
  request.verify = true;
  EXPECT_EQ(MakeCommitter()->Commit(request).status().code(), absl::StatusCode::kDataLoss);
}

TEST_P(RememberingSinkContract, RowsThatDoNotFitAreRefused) {
  ASSERT_TRUE(Prepare().ok());
  auto sink = *connector_->MakeSink(Spec());
  auto wrong = arrow::RecordBatch::Make(arrow::schema({arrow::field("id", arrow::utf8()), arrow::field("s", arrow::utf8())}), 2,
                                        {Rows(0, 2)->column(1), Rows(0, 2)->column(1)});
  EXPECT_EQ(sink->Write(*wrong).code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(SinkContract, PartsAndTheRestAreOneEpoch) {
  const std::string id = *Prepare();
  auto sink = *connector_->MakeSink(Spec());
  std::string bytes;
  for (int64_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(sink->Write(*Rows(10 * i, 10)).ok());
    auto part = sink->TakePart(true);
    ASSERT_TRUE(part == nullptr || part->Persist().ok());
  }
  ASSERT_TRUE(sink->Write(*Rows(30, 10)).ok());
  auto staged = *sink->Seal(Epoch(1));
  storage::v1::Committable committable;
  committable.set_sealed_epoch(1);
  committable.set_bytes(*staged->Persist());
  EXPECT_EQ(sink->buffered_bytes(), 0u);
  EXPECT_EQ(Commit(*MakeCommitter(), 1, {committable}, id)->num_rows, 40u);
}

// Kills and lost answers, by seed: whoever commits dies or is told nothing, others take over at any call, and in the
// end every epoch is committed once, in order.
TEST_P(RememberingSinkContract, EveryEpochIsCommittedOnceThroughLostAnswersAndTakeovers) {
  const std::string id = *Prepare();
  constexpr uint64_t kEpochs = 6;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(Cat("seed ", seed));
    MemoryBlobStore inner;
    FaultyBlobStore faulty(&inner, seed);
    faulty.set_may_delete([](std::string_view name) { return name.find("/staged/") != name.npos; });
    faulty.set_faults(false);
    Use(&faulty);
    ASSERT_EQ(*Prepare(), id) << "an id that depends on chance";
    std::map<uint64_t, std::vector<storage::v1::Committable>> staged;
    for (uint64_t epoch = 1; epoch <= kEpochs; ++epoch) {
      const auto first = static_cast<int64_t>(epoch) * 100;
      staged[epoch] = {*Stage(0, epoch, first, 5), *Stage(1, epoch, first + 50, 3)};
    }
    Random random(seed);
    faulty.set_faults(true);
    std::vector<std::unique_ptr<Committer>> committers(3);
    uint64_t done = 0;
    // What a paused process may still do at any time: commit what was committed, or is being committed.
    bool inside = false;
    faulty.set_interleave([&] {
      if (std::exchange(inside, true)) return;
      const uint64_t epoch = 1 + random.Below(std::min(done + 1, kEpochs));
      auto late = connector_->MakeCommitter(Spec());
      if (late.ok()) (void)Commit(**late, epoch, staged[epoch], id);
      inside = false;
    });
    for (int attempt = 0; done < kEpochs && attempt < 1000; ++attempt) {
      auto& committer = committers[random.Below(committers.size())];
      if (committer == nullptr || random.Chance(0.2)) committer = MakeCommitter();
      auto receipt = Commit(*committer, done + 1, staged[done + 1], id);
      if (receipt.ok()) {
        EXPECT_EQ(receipt->num_rows, 8u);
        ++done;
        continue;
      }
      ASSERT_EQ(receipt.status().code(), absl::StatusCode::kUnavailable) << receipt.status();
      committer = nullptr;
    }
    ASSERT_EQ(done, kEpochs);
    faulty.set_faults(false);
    faulty.LandDelayed();
    std::vector<uint64_t> expected;
    for (uint64_t epoch = 1; epoch <= kEpochs; ++epoch) expected.push_back(epoch);
    EXPECT_EQ(Committed(), expected);
    Verify(inner, kEpochs);
  }
}

std::vector<Kind> RememberingKinds() {
  std::vector<Kind> kinds = Kinds();
  std::erase_if(kinds, [](const Kind& kind) { return !kind.remembers; });
  return kinds;
}

INSTANTIATE_TEST_SUITE_P(Sinks, SinkContract, ::testing::ValuesIn(Kinds()),
                         [](const auto& info) { return info.param.connector; });
INSTANTIATE_TEST_SUITE_P(Sinks, RememberingSinkContract, ::testing::ValuesIn(RememberingKinds()),
                         [](const auto& info) { return info.param.connector; });

}  // namespace
}  // namespace millrace
