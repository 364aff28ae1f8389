// Starts from older checkpoints, while processes die between any two steps of the procedure, answers are lost, and
// commits of abandoned epochs come late. Every row counts once; or the start is refused, and a table does hold later
// epochs; or duplicates were accepted, and then what is there twice is what the pipeline says.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <regex>
#include <set>

#include "base/error.h"
#include "tests/sim/sim_cluster.h"
#include "tests/sim/window_table.h"

namespace millrace::sim {
namespace {

// Wrong orders of the procedure, made of right parts: between the coordinator or a worker and the tables.
enum class WrongOrder { kNone, kNoFence, kFenceFirst, kJudgedBeforeFence };

class WrongDelta final : public SinkConnector {
 public:
  struct Memory {
    std::function<storage::v1::PipelineRecord()> record;
    // By checkpoint: what the tables held when they were asked first.
    std::map<uint64_t, std::vector<EpochInTable>> first_answers;
  };
  WrongDelta(WrongOrder order, std::unique_ptr<SinkConnector> delta, Memory* memory)
      : order_(order), delta_(std::move(delta)), memory_(memory) {}
  std::vector<std::string> Validate(const v1::Sink& sink, const arrow::Schema& schema) const override {
    return delta_->Validate(sink, schema);
  }
  absl::StatusOr<std::unique_ptr<Sink>> MakeSink(const SinkSpec& spec) const override { return delta_->MakeSink(spec); }
  absl::StatusOr<std::unique_ptr<SinkCatalog>> OpenCatalog(const SinkSpec& spec) const override {
    auto catalog = delta_->OpenCatalog(spec);
    if (!catalog.ok()) return catalog.status();
    return std::make_unique<Catalog>(this, spec, *std::move(catalog));
  }
  absl::StatusOr<std::unique_ptr<Committer>> MakeCommitter(const SinkSpec& spec) const override {
    auto committer = delta_->MakeCommitter(spec);
    if (!committer.ok() || order_ != WrongOrder::kNoFence) return committer;
    return std::make_unique<Fenceless>(*std::move(committer));
  }

 private:
  class Fenceless final : public Committer {
   public:
    explicit Fenceless(std::unique_ptr<Committer> inner) : inner_(std::move(inner)) {}
    absl::StatusOr<CommitReceipt> Commit(const CommitRequest& request) override { return inner_->Commit(request); }
    absl::StatusOr<CommitReceipt> Fence(Generation, Epoch, std::string_view) override { return CommitReceipt{}; }

   private:
    const std::unique_ptr<Committer> inner_;
  };
  class Catalog final : public SinkCatalog {
   public:
    Catalog(const WrongDelta* delta, const SinkSpec& spec, std::unique_ptr<SinkCatalog> inner)
        : delta_(*delta), spec_(spec), inner_(std::move(inner)) {}
    absl::StatusOr<std::string> Prepare(const CommitIdentity& identity, std::string_view table_id) override {
      return inner_->Prepare(identity, table_id);
    }
    absl::StatusOr<Epoch> LastCommitted(const CommitIdentity& identity) override { return inner_->LastCommitted(identity); }
    absl::StatusOr<std::vector<EpochInTable>> CommittedAfter(const CommitIdentity& identity, std::string_view table_id,
                                                             Epoch after) override {
      // The first question comes before anything else is done.
      storage::v1::PipelineRecord record = delta_.memory_->record();
      bool asked_first = record.has_rewind() && record.rewind().fence_epoch() == 0;
      if (delta_.order_ == WrongOrder::kFenceFirst && asked_first) {
        auto committer = delta_.delta_->MakeCommitter(spec_);
        if (!committer.ok()) return committer.status();
        auto fenced = (*committer)->Fence(spec_.generation, Epoch(record.highest_epoch()), table_id);
        if (!fenced.ok()) return fenced.status();
      }
      auto answer = inner_->CommittedAfter(identity, table_id, after);
      if (delta_.order_ == WrongOrder::kJudgedBeforeFence && answer.ok()) {
        auto [first, is_new] = delta_.memory_->first_answers.try_emplace(after.value(), *answer);
        if (asked_first) first->second = *answer;
        return first->second;
      }
      return answer;
    }

   private:
    const WrongDelta& delta_;
    const SinkSpec spec_;
    const std::unique_ptr<SinkCatalog> inner_;
  };

  const WrongOrder order_;
  const std::unique_ptr<SinkConnector> delta_;
  Memory* const memory_;
};

struct Outcome {
  std::string problem;  // empty: right
  int exact = 0;        // rewinds that nothing was in the way of
  int refused = 0;
  int accepted = 0;     // with duplicates
  int pending = 0;      // of the restored checkpoint's own epochs, at least one was not in the table when it was asked for
  int to_newest = 0;
  int kills = 0;        // during rewinds
  int fences = 0;
};

class RewindRun {
 public:
  RewindRun(uint64_t seed, WrongOrder order) : random_(seed * 7919 + 1), plan_(WindowPlan(seed, 1500)) {
    Cluster::Options options;
    options.seed = seed;
    const absl::Duration strike_every = absl::Milliseconds(static_cast<int64_t>(300 + random_.Below(1200)));
    options.faults.Happens(FaultKind::kKill, strike_every, 4);
    if (random_.Chance(0.5)) options.faults.Happens(FaultKind::kFreeze, strike_every, 4);
    if (random_.Chance(0.2)) options.faults.chance(FaultKind::kBreak) = 0.0005;
    if (order != WrongOrder::kNone) {
      memory_.record = [this] { return cluster_->windows().record(); };
      options.wrap_delta = [this, order](std::unique_ptr<SinkConnector> delta) {
        return std::make_unique<WrongDelta>(order, std::move(delta), &memory_);
      };
    }
    cluster_ = std::make_unique<Cluster>(options);
  }

  Outcome Run() {
    cluster_->Submit(plan_);
    int num_rewinds = 1 + static_cast<int>(random_.Below(3));
    size_t epochs = 4;
    for (int i = 0; i < num_rewinds && outcome_.problem.empty(); ++i, epochs += 4) {
      if (!ComeToRest(epochs)) break;
      Rewind();
    }
    if (outcome_.problem.empty()) Finish();
    if (outcome_.problem.empty()) CheckTable();
    return outcome_;
  }

 private:
  const v1::Pipeline& view() { return cluster_->last_view(); }
  MemoryBlobStore& table() { return *cluster_->storage().At("sim://out"); }
  static bool AtRest(v1::PipelineState state) {
    return state == v1::PIPELINE_STATE_CANCELLED || state == v1::PIPELINE_STATE_STOPPED || state == v1::PIPELINE_STATE_FAILED;
  }

  void LetStorageFail() {
    const double crash = random_.Chance(0.7) ? 0.01 : 0;
    cluster_->SetChance(FaultKind::kCrashBefore, crash);
    cluster_->SetChance(FaultKind::kCrashAfter, crash);
    cluster_->SetChance(FaultKind::kError, random_.Chance(0.5) ? 0.05 : 0);
    cluster_->SetChance(FaultKind::kLostAnswer, random_.Chance(0.5) ? 0.05 : 0);
    cluster_->SetChance(FaultKind::kLatePut, random_.Chance(0.6) ? 0.3 : 0);
  }

  // False: it has finished meanwhile.
  bool ComeToRest(size_t epochs) {
    cluster_->RunUntil([&] { return cluster_->windows().num_completed() >= epochs; }, absl::Seconds(5));
    // Mostly at the worst moment: an epoch is complete and not in the table.
    if (random_.Chance(0.8)) {
      cluster_->RunUntil([&] { return cluster_->windows().IsCommitPending() && !cluster_->windows().IsCommitLanded(); }, absl::Seconds(1));
    }
    LetStorageFail();
    const bool cancel = random_.Chance(0.8);
    for (int attempt = 0; attempt < 20; ++attempt) {
      auto asked = cluster_->Call([&](Coordinator& coordinator, Coordinator::Done done) {
        cancel ? coordinator.Cancel("clicks", std::move(done)) : coordinator.Stop("clicks", false, std::move(done));
      });
      if (cluster_->RunUntilState("clicks", v1::PIPELINE_STATE_CANCELLED, absl::Milliseconds(200))) return true;
      if (view().state() == v1::PIPELINE_STATE_FINISHED) return false;
      if (AtRest(view().state())) return true;
    }
    outcome_.problem = Cat("it does not come to rest: ", v1::PipelineState_Name(view().state()));
    return false;
  }

  // Asks until the wish is stored. Nothing: it cannot be started from there.
  absl::StatusOr<v1::Pipeline> Start(uint64_t epoch, v1::SinkAhead policy) {
    v1::StartRequest request;
    request.set_name("clicks");
    request.set_from_epoch(epoch);
    request.set_sink_ahead(policy);
    return cluster_->Call([&](Coordinator& coordinator, Coordinator::Done done) { coordinator.Start(request, std::move(done)); });
  }

  // Until it runs, has finished or has failed. `since`: a version of the view.
  bool RunUntilDecided(uint64_t since) {
    for (int i = 0; i < 600; ++i) {
      cluster_->RunUntilState("clicks", v1::PIPELINE_STATE_FINISHED, absl::Milliseconds(50));
      if (view().version() < since) continue;
      if (view().state() == v1::PIPELINE_STATE_RUNNING || view().state() == v1::PIPELINE_STATE_FINISHED) return true;
      if (view().state() == v1::PIPELINE_STATE_FAILED) return true;
      if (i == 100) cluster_->StopFaults();
    }
    outcome_.problem = Cat("the rewind is never decided: ", v1::PipelineState_Name(view().state()), " ", view().reason());
    return false;
  }

  void Rewind() {
    const std::vector<uint64_t> retained(view().retained_checkpoints().begin(), view().retained_checkpoints().end());
    if (retained.empty()) return;
    uint64_t to = retained[random_.Below(retained.size())];
    if (random_.Chance(0.3)) to = retained.back();
    bool accept = random_.Chance(0.3);
    const int kills = cluster_->kills();
    for (int attempt = 0; attempt < 10; ++attempt) {
      const bool fenced_before = cluster_->windows().record().rewind().fence_epoch() > 0;
      if (to == cluster_->windows().record().completed_epoch()) {
        ++outcome_.to_newest;
        outcome_.pending += cluster_->windows().IsCommitPending() && !cluster_->windows().IsCommitLanded();
      }
      auto started = Start(to, accept ? v1::SINK_AHEAD_ACCEPT_DUPLICATES : v1::SINK_AHEAD_FAIL);
      // A start that was stored without an answer is refused the second time: it has started.
      if (!started.ok() && !absl::IsFailedPrecondition(started.status()) &&
          started.status().code() != absl::StatusCode::kResourceExhausted) {
        outcome_.problem = Cat("start from ", to, ": ", started.status().message());
        return;
      }
      if (!started.ok()) {
        cluster_->Run(absl::Milliseconds(200));
        cluster_->RunUntilState("clicks", v1::PIPELINE_STATE_RUNNING, absl::Milliseconds(50));
        if (AtRest(view().state())) continue;
      }
      if (!RunUntilDecided(started.ok() ? started->version() : 0)) return;
      if (view().state() != v1::PIPELINE_STATE_FAILED) break;
      const bool ahead = view().reason().find("whose rows would be written again") != std::string::npos;
      const bool dead = view().reason().find("fences it off") != std::string::npos ||
                        view().reason().find("was never committed") != std::string::npos;
      if (accept && ahead) outcome_.problem = Cat("refused although duplicates are accepted: ", view().reason());
      if (!ahead && !(dead && fenced_before)) outcome_.problem = Cat("start from ", to, ": ", view().reason());
      if (ahead && !HoldsLaterThan(to)) outcome_.problem = Cat("refused for nothing: ", view().reason());
      if (!outcome_.problem.empty()) return;
      ++outcome_.refused;
      // What a user may do then: go back further or nearer, or accept.
      to = dead || random_.Chance(0.5) ? retained.front() : to;
      accept = dead || random_.Chance(0.7);
    }
    outcome_.kills += cluster_->kills() - kills;
    const v1::Rewind& last = view().last_rewind();
    if (last.fence_epoch() == 0 || last.fence_epoch() == last_fence_) return;  // it was decided before that coordinator died
    last_fence_ = last.fence_epoch();
    ++outcome_.fences;
    ++(last.ahead().empty() ? outcome_.exact : outcome_.accepted);
    static const std::regex kEpoch(R"(epoch (\d+) in)");
    for (const std::string& ahead : last.ahead()) {
      std::smatch found;
      if (!std::regex_search(ahead, found, kEpoch)) outcome_.problem = Cat("which epoch? ", ahead);
      uint64_t epoch = std::stoull(found[1].str());
      told_twice_.insert(epoch);
      if (epoch <= last.to_epoch() || epoch > last.fence_epoch()) outcome_.problem = Cat("not abandoned: ", ahead);
      if (last.sink_ahead() != v1::SINK_AHEAD_ACCEPT_DUPLICATES) outcome_.problem = Cat("nobody has accepted ", ahead);
    }
  }

  bool HoldsLaterThan(uint64_t epoch) {
    for (const WindowCommit& commit : ReadWindowCommits(table())) {
      if (commit.epoch > epoch) return true;
    }
    return false;
  }

  void Finish() {
    for (int i = 0; i < 100; ++i) {
      if (i == 20) cluster_->StopFaults();
      if (cluster_->RunUntilState("clicks", v1::PIPELINE_STATE_FINISHED, absl::Milliseconds(400))) break;
      if (!AtRest(view().state())) continue;
      if (view().state() == v1::PIPELINE_STATE_FAILED) {
        outcome_.problem = Cat("it fails: ", view().reason());
        return;
      }
      (void)cluster_->Call([](Coordinator& coordinator, Coordinator::Done done) { coordinator.Start("clicks", 0, std::move(done)); });
    }
    if (view().state() != v1::PIPELINE_STATE_FINISHED) {
      outcome_.problem = Cat("not finished: ", v1::PipelineState_Name(view().state()), " ", view().reason());
      return;
    }
    // Whoever was frozen wakes up, what was late arrives.
    cluster_->StopFaults();
    cluster_->Run(absl::Seconds(3));
    outcome_.problem = cluster_->windows().problem();
  }

  void CheckTable() {
    WindowRows rows;
    for (WindowCommit& commit : ReadWindowCommits(table())) {
      // Without these the table is exact: they are what is there twice.
      if (!told_twice_.contains(commit.epoch)) rows.merge(commit.rows);
    }
    outcome_.problem = CompareWindows(rows, ExpectedWindows(plan_));
  }

  Random random_;
  const v1::Plan plan_;
  WrongDelta::Memory memory_;
  std::unique_ptr<Cluster> cluster_;
  std::set<uint64_t> told_twice_;
  uint64_t last_fence_ = 0;
  Outcome outcome_;
};

uint64_t FirstSeed() {
  const char* seed = std::getenv("MILLRACE_SEED");
  return seed == nullptr ? 1 : std::strtoull(seed, nullptr, 10);
}
uint64_t NumSeeds(uint64_t standard) {
  const char* seeds = std::getenv("MILLRACE_SEEDS");
  return seeds != nullptr ? std::strtoull(seeds, nullptr, 10) : std::getenv("MILLRACE_SEED") != nullptr ? 1 : standard;
}

TEST(Rewind, IsExactOrRefusedOrDuplicatesWhatItSays) {
  Outcome sum;
  const uint64_t num_seeds = NumSeeds(120);
  for (uint64_t seed = FirstSeed(), end = seed + num_seeds; seed < end; ++seed) {
    Outcome outcome = RewindRun(seed, WrongOrder::kNone).Run();
    EXPECT_EQ(outcome.problem, "") << "MILLRACE_SEED=" << seed;
    sum.exact += outcome.exact;
    sum.refused += outcome.refused;
    sum.accepted += outcome.accepted;
    sum.pending += outcome.pending;
    sum.to_newest += outcome.to_newest;
    sum.kills += outcome.kills;
  }
  std::printf("rewinds: exact %d, with duplicates %d; refused %d; to the newest checkpoint %d, with its own epoch pending %d; "
              "kills meanwhile %d\n",
              sum.exact, sum.accepted, sum.refused, sum.to_newest, sum.pending, sum.kills);
  if (num_seeds < 100) return;
  EXPECT_GT(sum.exact, 20);
  EXPECT_GT(sum.refused, 10);
  EXPECT_GT(sum.accepted, 10);
  EXPECT_GT(sum.pending, 5);
  EXPECT_GT(sum.kills, 50);
}

class WrongRewind : public testing::TestWithParam<WrongOrder> {};

TEST_P(WrongRewind, IsFoundWithinEightySeeds) {
  for (uint64_t seed = 1; seed <= 80; ++seed) {
    Outcome outcome = RewindRun(seed, GetParam()).Run();
    if (outcome.problem.empty()) continue;
    std::printf("found by seed %llu: %s\n", static_cast<unsigned long long>(seed), outcome.problem.c_str());
    return;
  }
  FAIL() << "80 seeds did not notice it";
}

INSTANTIATE_TEST_SUITE_P(Orders, WrongRewind,
                         testing::Values(WrongOrder::kNoFence, WrongOrder::kFenceFirst, WrongOrder::kJudgedBeforeFence));

}  // namespace
}  // namespace millrace::sim
