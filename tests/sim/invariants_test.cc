// Each promise that the simulation looks at can be seen broken: what is told here is falsified.
#include "tests/sim/invariants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include <functional>

#include "base/check.h"
#include "base/event_time.h"
#include "coordinator/plan/plan_json.h"
#include "millrace/storage/v1/delta_committable.pb.h"
#include "state/snapshot_files.h"
#include "tests/sim/clicks_cuts.h"
#include "tests/sim/clicks_workload.h"
#include "tests/sim/file_watch.h"
#include "tests/sim/sim_cluster.h"

namespace millrace::sim {
namespace {

using storage::v1::Manifest;
using storage::v1::PipelineRecord;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

storage::v1::SplitState& AddSplit(Manifest& manifest, const std::string& id, int64_t position, int64_t watermark = 0) {
  if (manifest.sources().empty()) manifest.add_sources()->set_uid("clicks");
  auto& split = *manifest.mutable_sources(0)->add_splits();
  split.set_id(id);
  split.set_position(position);
  split.set_end_position(-1);
  split.set_watermark_micros(watermark);
  return split;
}

Manifest ManifestOf(uint64_t epoch) {
  Manifest manifest;
  manifest.set_epoch(epoch);
  manifest.set_generation(1);
  return manifest;
}

Manifest ManifestWithFile(uint64_t epoch, const std::string& path, int64_t size = 5) {
  Manifest manifest = ManifestOf(epoch);
  storage::v1::DeltaCommittable staged;
  staged.add_files()->set_path(path);
  staged.mutable_files(0)->set_size_bytes(size);
  auto& sink = *manifest.add_sinks();
  sink.set_uid("out");
  sink.add_committables()->set_sealed_epoch(epoch);
  sink.mutable_committables(0)->set_bytes(staged.SerializeAsString());
  return manifest;
}

std::string CommitOf(uint64_t epoch, const std::string& path) {
  return Cat(R"({"txn":{"appId":"millrace/a","version":)", epoch, R"(}})", "\n", R"({"add":{"path":")", path,
             R"(","partitionValues":{},"size":5}})");
}

TEST(Promises, HaveOneSentenceEach) {
  int number = 0;
  for (const PromiseText& text : Promises()) {
    EXPECT_EQ(static_cast<int>(text.promise), number++);
    EXPECT_THAT(std::string(text.name), StartsWith(Cat("I", number, " ")));
    EXPECT_EQ(Broken(text.promise, "it ", 1), Cat(text.name, ": ", text.sentence, " Seen: it 1"));
  }
  EXPECT_EQ(number, 12);
}

TEST(SourceCutWatch, SeesASplitTwiceGoneBackOrLost) {
  PipelineRecord record;
  auto first = [&](SourceCutWatch& watch) {
    Manifest manifest = ManifestOf(1);
    AddSplit(manifest, "t/0", 10);
    AddSplit(manifest, "t/1", 10);
    EXPECT_THAT(watch.OnCompleted(record, manifest), IsEmpty());
  };
  auto second = [&](int64_t position, const std::string& other, bool finished = false) {
    SourceCutWatch watch;
    first(watch);
    Manifest manifest = ManifestOf(2);
    AddSplit(manifest, "t/0", position).set_finished(finished);
    if (!other.empty()) AddSplit(manifest, other, 10);
    return watch.OnCompleted(record, manifest);
  };
  EXPECT_THAT(second(10, "t/1"), IsEmpty());
  EXPECT_THAT(second(10, "t/0"), AllOf(StartsWith("I2 "), HasSubstr("split t/0 in epoch 2 is there twice")));
  EXPECT_THAT(second(9, "t/1"), AllOf(StartsWith("I2 "), HasSubstr("is at 9, and was at 10")));
  EXPECT_THAT(second(10, ""), AllOf(StartsWith("I2 "), HasSubstr("split t/1 is not in epoch 2")));
  EXPECT_THAT(second(10, "t/1", true), AllOf(StartsWith("I2 "), HasSubstr("is at 10 of -1 and is finished")));
}

const TablePaths kTables{{"out", "sim://out"}};

TEST(CommitLogWatch, SeesEpochsThatAreTwiceMissingPartialOrNotComplete) {
  auto make = [] {
    CommitLogWatch watch;
    EXPECT_THAT(watch.OnCompleted(ManifestWithFile(7, "part-a"), kTables), IsEmpty());
    EXPECT_THAT(watch.OnCompleted(ManifestWithFile(8, "part-b"), kTables), IsEmpty());
    EXPECT_THAT(watch.OnTableLog("sim://out", "1.json", CommitOf(7, "part-a")), IsEmpty());
    return watch;
  };
  CommitLogWatch watch = make();
  EXPECT_THAT(watch.OnCommitted(7), IsEmpty());
  EXPECT_THAT(watch.OnCommitted(8), AllOf(StartsWith("I3 "), HasSubstr("epoch 8 is said to be in all tables, and is not in sim://out")));
  EXPECT_THAT(make().OnTableLog("sim://out", "2.json", CommitOf(7, "part-a")), HasSubstr("has epoch 7 after epoch 7"));
  EXPECT_THAT(make().OnTableLog("sim://out", "2.json", CommitOf(9, "part-c")), HasSubstr("has epoch 9, which is not complete"));
  EXPECT_THAT(make().OnTableLog("sim://out", "2.json", CommitOf(8, "part-a")), HasSubstr("1 files of epoch 8, its manifest has 1"));
  EXPECT_THAT(make().OnTableLog("sim://out", "1.json", CommitOf(8, "part-b")), HasSubstr("1.json was written over"));
  EXPECT_THAT(make().OnTableLog("sim://out", "2.json", R"({"remove":{"path":"part-a"}})"), HasSubstr("removes files"));
  EXPECT_THAT(make().OnTableLog("sim://out", "2.json", CommitOf(8, "part-b")), IsEmpty());
}

TEST(CommitLogWatch, SeesARecordThatGoesBackAndAnEpochThatIsIssuedTwice) {
  CommitLogWatch watch;
  PipelineRecord before, after;
  before.set_highest_epoch(10);
  before.set_completed_epoch(5);
  after = before;
  EXPECT_THAT(watch.OnRecord(before, after), IsEmpty());
  after.set_completed_epoch(4);
  EXPECT_THAT(watch.OnRecord(before, after), AllOf(StartsWith("I3 "), HasSubstr("goes back from epoch 5 to 4")));
  after.set_completed_epoch(11);
  EXPECT_THAT(watch.OnRecord(before, after), HasSubstr("issued up to 10"));
  EXPECT_THAT(watch.OnManifest("a", ManifestOf(3)), IsEmpty());
  EXPECT_THAT(watch.OnManifest("a", ManifestOf(3)), IsEmpty());
  EXPECT_THAT(watch.OnManifest("b", ManifestOf(3)), HasSubstr("epoch 3 was issued twice: a and b"));
}

TEST(FencingWatch, SeesWhoIsSuperseded) {
  FencingWatch watch;
  PipelineRecord before, after;
  before.set_term(3);
  before.set_generation(2);
  after = before;
  EXPECT_THAT(watch.OnRecord(before, after), IsEmpty());
  after.set_term(2);
  EXPECT_THAT(watch.OnRecord(before, after), AllOf(StartsWith("I4 "), HasSubstr("term 2 wrote the record after term 3")));
  after = before;
  after.set_generation(1);
  EXPECT_THAT(watch.OnRecord(before, after), HasSubstr("from generation 2 to 1"));
  EXPECT_THAT(watch.OnCompleted(before, ManifestOf(9)), HasSubstr("epoch 9 of generation 1 was completed when generation 2 had begun"));
  EXPECT_THAT(watch.OnDelete("coordinator", "x", 3, true), HasSubstr("coordinator deletes x though term 3 leads"));
  EXPECT_THAT(watch.OnDelete("coordinator", "x", 3, false), IsEmpty());
}

TEST(FileWatch, SeesWhatIsGoneOrChanged) {
  MemoryBlobStore store;
  Manifest manifest = ManifestOf(4);
  auto file = PutSnapshotFile(store, "state", "rows", "rows", "content");
  ASSERT_TRUE(file.ok());
  *manifest.add_operators()->add_handles()->add_files() = file->file;
  EXPECT_THAT(CheckRetained(store, "manifest"), AllOf(StartsWith("I5 "), HasSubstr("a retained manifest is gone: manifest")));
  ASSERT_TRUE(store.Put("manifest", manifest.SerializeAsString()).ok());
  EXPECT_THAT(CheckRetained(store, "manifest"), IsEmpty());
  ASSERT_TRUE(store.Put(file->file.blob(), "c0ntent").ok());
  EXPECT_THAT(CheckRetained(store, "manifest"), AllOf(HasSubstr("epoch 4 is retained"), HasSubstr("checksum")));

  Manifest staged = ManifestWithFile(4, "part-a", 5);
  EXPECT_THAT(CheckStaged(store, staged, staged.sinks(0)), HasSubstr("epoch 4 of sink out names part-a, which is not there"));
  ASSERT_TRUE(store.Put("part-a", "1234").ok());
  EXPECT_THAT(CheckStaged(store, staged, staged.sinks(0)), HasSubstr("names part-a of 5 bytes, which has 4"));
  EXPECT_THAT(CheckAdded(store, "1.json", {{"part-a", 5}}), HasSubstr("1.json names part-a of 5 bytes"));
  EXPECT_THAT(CheckAdded(store, "1.json", {{"part-a", 4}}), IsEmpty());
}

TEST(WatermarkWatch, SeesWhatGoesBack) {
  auto second = [](int64_t split_watermark, bool idle, int64_t operator_watermark) {
    WatermarkWatch watch;
    auto make = [](uint64_t epoch, int64_t split, bool is_idle, int64_t reached) {
      Manifest manifest = ManifestOf(epoch);
      AddSplit(manifest, "t/0", 10, split).set_idle(is_idle);
      AddSplit(manifest, "t/1", 10, 100);
      manifest.add_operators()->set_uid("per_user");
      manifest.mutable_operators(0)->set_watermark_micros(reached);
      return manifest;
    };
    EXPECT_THAT(watch.OnCompleted(make(1, 50, idle, 40)), IsEmpty());
    return watch.OnCompleted(make(2, split_watermark, false, operator_watermark));
  };
  EXPECT_THAT(second(50, false, 40), IsEmpty());
  EXPECT_THAT(second(49, false, 40), AllOf(StartsWith("I6 "), HasSubstr("split t/0 in epoch 2 has watermark 49, and had 50")));
  EXPECT_THAT(second(50, true, 40), HasSubstr("is not idle, was idle, and has read nothing since"));
  EXPECT_THAT(second(50, false, 39), HasSubstr("operator per_user in epoch 2 has watermark 39, and had 40"));
}

// One row under the right key group, or the next.
std::string StateFileOf(const std::string& key, uint32_t wrong_by, uint32_t* group) {
  *group = static_cast<uint32_t>(XXH3_64bits(key.data(), key.size()) % 720) + wrong_by;
  std::string state_key = {static_cast<char>(*group >> 8), static_cast<char>(*group), 0, 1};
  state_key += std::string("\x80\0\0\0\0\0\0\0", 8) + key;
  std::string file = "millrace state memory-1\n";
  for (const std::string& field : {state_key, std::string("value")}) {
    file += std::string(3, '\0') + static_cast<char>(field.size()) + field;
  }
  return file;
}

TEST(StateWatch, SeesKeyGroupsThatAreNotWhereTheyBelong) {
  auto check = [](uint32_t wrong_by, uint32_t end_of_first, uint32_t begin_of_second, uint32_t end) {
    MemoryBlobStore store;
    Manifest manifest = ManifestOf(4);
    auto& state = *manifest.add_operators();
    state.set_uid("per_user");
    uint32_t group = 0;
    auto file = PutSnapshotFile(store, "state", "rows", "rows", StateFileOf("user", wrong_by, &group));
    EXPECT_TRUE(file.ok());
    auto& first = *state.add_handles();
    first.set_end_key_group(end_of_first);
    auto& second = *state.add_handles();
    second.set_first_key_group(begin_of_second);
    second.set_end_key_group(end);
    *(group < end_of_first ? first : second).add_files() = file->file;
    return ReadOperatorState(store, manifest, "per_user").broken;
  };
  EXPECT_THAT(check(0, 360, 360, 720), IsEmpty());
  EXPECT_THAT(check(1, 360, 360, 720), AllOf(StartsWith("I8 "), HasSubstr("does not belong into groups")));
  EXPECT_THAT(check(0, 360, 361, 720), HasSubstr("key groups 360 to 361 are there twice or not at all"));
  EXPECT_THAT(check(0, 361, 360, 720), HasSubstr("key groups 360 to 361 are there twice or not at all"));
  EXPECT_THAT(check(0, 360, 360, 719), HasSubstr("key groups from 719 on are in no snapshot"));
}

TEST(StateWatch, SeesAStateThatChangesWithoutARow) {
  auto second = [](const std::string& key, int64_t position) {
    MemoryBlobStore store;
    StateWatch watch;
    auto make = [&](uint64_t epoch, const std::string& user, int64_t at) {
      Manifest manifest = ManifestOf(epoch);
      AddSplit(manifest, "t/0", at);
      auto& handle = *manifest.add_operators()->add_handles();
      handle.set_end_key_group(720);
      uint32_t group = 0;
      *handle.add_files() = PutSnapshotFile(store, "state", "rows", "rows", StateFileOf(user, 0, &group))->file;
      return manifest;
    };
    EXPECT_THAT(watch.OnCompleted(store, make(1, "a", 10)), IsEmpty());
    return watch.OnCompleted(store, make(2, key, position));
  };
  EXPECT_THAT(second("a", 10), IsEmpty());
  EXPECT_THAT(second("b", 11), IsEmpty());
  EXPECT_THAT(second("b", 10), AllOf(StartsWith("I8 "), HasSubstr("epoch 2 at parallelism 0 has another state than epoch 1")));
}

TEST(Invariants, SeeWhatCannotBeInLogLines) {
  auto after = [](std::string_view line) {
    Storage storage;
    Invariants invariants(&storage);
    invariants.OnLogLine(line);
    return invariants.problem();
  };
  EXPECT_THAT(after("level=error event=subtask_failed why=\"UNAVAILABLE: the peer closed\""), IsEmpty());
  EXPECT_THAT(after("level=error event=subtask_failed why=\"INTERNAL: channel 0: its sender counted 3 rows before this point, 2 arrived\""),
              StartsWith("I11 "));
  EXPECT_THAT(after("level=error event=subtask_failed why=\"INTERNAL: exchange: rows of an unknown port 7\""), StartsWith("I12 "));
}

TEST(CheckClicks, SeesEmptyTables) {
  Storage storage;
  EXPECT_THAT(CheckClicks({}, storage).problem, StartsWith("I1 "));
}

// Runs the clicks pipeline without faults, and shows the oracle other manifests than there were.
std::string CutsWhen(const std::function<void(Manifest&)>& falsify) {
  class Falsified final : public CutOracle {
   public:
    Falsified(Storage* storage, const std::function<void(Manifest&)>& falsify) : falsify_(falsify), cuts_(ClicksSettings{}, storage) {}
    std::string OnCompleted(const Manifest& manifest) override {
      Manifest falsified = manifest;
      falsify_(falsified);
      return cuts_.OnCompleted(falsified);
    }

   private:
    const std::function<void(Manifest&)> falsify_;
    ClicksCuts cuts_;
  };
  Cluster cluster({});
  auto plan = ReadPlanJson(ClicksPlan({}));
  Check(plan.ok(), "it is a plan");
  cluster.Submit(*plan);
  cluster.windows().invariants().SetCutOracle(std::make_unique<Falsified>(&cluster.storage(), falsify));
  EXPECT_TRUE(cluster.RunUntilState("clicks", v1::PIPELINE_STATE_FINISHED, absl::Seconds(30)));
  return cluster.windows().problem();
}

// The n-th file of a sink, if the manifest has one.
storage::v1::Committable* CommittableOf(Manifest& manifest, const std::string& uid) {
  for (auto& sink : *manifest.mutable_sinks()) {
    if (sink.uid() == uid && !sink.committables().empty()) return sink.mutable_committables(0);
  }
  return nullptr;
}

TEST(ClicksCuts, FindNoFaultWithARunWithoutFaults) {
  EXPECT_THAT(CutsWhen([](Manifest&) {}), IsEmpty());
}

TEST(ClicksCuts, SeeAPositionThatIsNotWhereTheStateStands) {
  for (int64_t by : {1, -1}) {
    EXPECT_THAT(CutsWhen([&](Manifest& manifest) {
                  auto& split = *manifest.mutable_sources(0)->mutable_splits(0);
                  if (split.position() > 100) split.set_position(split.position() + by);
                }),
                testing::MatchesRegex("I[26] .*"))
        << by;
  }
}

TEST(ClicksCuts, SeeAFileThatIsLostOrTwice) {
  for (const char* uid : {"out", "late", "dead"}) {
    EXPECT_THAT(CutsWhen([&](Manifest& manifest) {
                  if (auto* committable = CommittableOf(manifest, uid)) committable->clear_bytes();
                }),
                testing::MatchesRegex("I[27] .*"))
        << uid;
    std::string earlier;
    EXPECT_THAT(CutsWhen([&](Manifest& manifest) {
                  auto* committable = CommittableOf(manifest, uid);
                  if (committable == nullptr) return;
                  if (!earlier.empty()) committable->set_bytes(committable->bytes() + earlier);  // repeated fields add up
                  earlier = committable->bytes();
                }),
                testing::MatchesRegex("I[27] .*"))
        << uid;
  }
}

TEST(ClicksCuts, SeeWatermarksThatTheRowsDoNotBear) {
  EXPECT_THAT(CutsWhen([](Manifest& manifest) {
                auto& split = *manifest.mutable_sources(0)->mutable_splits(0);
                if (split.has_watermark_micros()) split.set_watermark_micros(split.watermark_micros() + 1000);
              }),
              StartsWith("I6 "));
  EXPECT_THAT(CutsWhen([](Manifest& manifest) {
                for (auto& state : *manifest.mutable_operators()) state.set_watermark_micros(kFinalWatermark);
              }),
              AllOf(StartsWith("I6 "), HasSubstr("and a split is at")));
  // Who is late by a watermark that nobody has reached?
  EXPECT_THAT(CutsWhen([](Manifest& manifest) {
                for (auto& state : *manifest.mutable_operators()) state.clear_watermark_micros();
              }),
              AllOf(StartsWith("I6 "), HasSubstr("no subtask is beyond")));
}

TEST(ClicksCuts, SeeStateThatIsLostOrLeft) {
  EXPECT_THAT(CutsWhen([](Manifest& manifest) {
                for (auto& state : *manifest.mutable_operators()) {
                  for (auto& handle : *state.mutable_handles()) handle.clear_files();
                }
              }),
              AllOf(StartsWith("I2 "), HasSubstr("the state has nothing")));
  EXPECT_THAT(CutsWhen([](Manifest& manifest) { manifest.set_final(true); }), AllOf(StartsWith("I7 "), HasSubstr("open windows")));
}

}  // namespace
}  // namespace millrace::sim
