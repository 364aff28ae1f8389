#include "tests/sim/hostile_settings.h"

#include <iterator>

#include "base/error.h"

namespace millrace::sim {
namespace {

template <typename T, size_t n>
T OneOf(Random& random, const T (&of)[n]) {
  return of[random.Below(n)];
}
absl::Duration Millis(uint64_t n) { return absl::Milliseconds(static_cast<int64_t>(n)); }

// What is drawn every slice of time at `places` comes about so often.
double Every(absl::Duration mean, double places) { return absl::FDivDuration(FaultPlan::kSlice, mean) / places; }

FaultPlan::Options ChancesOf(Random& random, const Cluster::Options& cluster) {
  FaultPlan::Options faults;
  double processes = cluster.num_workers + (cluster.standby ? 2 : 1);
  double pairs = processes * (processes - 1) / 2;
  auto sometimes = [&](FaultKind kind, double how_often, double chance) {
    if (random.Chance(how_often)) faults.chance(kind) = chance;
  };
  absl::Duration strike_every = Millis(200 + random.Below(1200));
  sometimes(FaultKind::kKill, 0.7, Every(strike_every, processes));
  sometimes(FaultKind::kFreeze, 0.5, 2 * Every(strike_every, processes));
  sometimes(FaultKind::kSilentFreeze, 0.2, Every(2 * strike_every, processes));
  sometimes(FaultKind::kKillRestoring, 0.2, 0.15);
  sometimes(FaultKind::kStep, 0.4, 0.0002);
  if (random.Chance(0.5)) faults.chance(FaultKind::kCrashBefore) = faults.chance(FaultKind::kCrashAfter) = 0.004;
  sometimes(FaultKind::kError, 0.4, 0.01);
  sometimes(FaultKind::kLostAnswer, 0.5, 0.02);
  sometimes(FaultKind::kLatePut, 0.5, 0.02);
  sometimes(FaultKind::kRival, 0.3, 0.05);
  sometimes(FaultKind::kSlowCall, 0.3, 0.03);
  sometimes(FaultKind::kStoreDown, 0.15, Every(Millis(1500), 5));
  sometimes(FaultKind::kStoreFull, 0.15, Every(Millis(1500), 5));
  sometimes(FaultKind::kBreak, 0.3, 0.001);
  sometimes(FaultKind::kHalfOpen, 0.3, 0.001);
  sometimes(FaultKind::kLateClose, 0.3, 0.2);
  sometimes(FaultKind::kCutOff, 0.2, Every(Millis(1500), processes));
  sometimes(FaultKind::kCut, 0.2, Every(Millis(1000), pairs));
  sometimes(FaultKind::kCutOneWay, 0.2, Every(Millis(1000), 2 * pairs));
  sometimes(FaultKind::kFlap, 0.15, Every(Millis(2000), pairs));
  sometimes(FaultKind::kSlowLink, 0.2, Every(Millis(800), pairs));
  sometimes(FaultKind::kStaleRoute, 0.5, 0.5);
  sometimes(FaultKind::kRepeat, 0.3, 0.5);
  if (random.Chance(0.4)) {
    absl::Duration rescale_every = Millis(200 + random.Below(600));
    faults.chance(FaultKind::kStop) = faults.chance(FaultKind::kCancel) = Every(2 * rescale_every, 1);
  }
  sometimes(FaultKind::kRequestTwice, 0.4, 0.4);
  sometimes(FaultKind::kRequestLate, 0.4, 0.3);
  sometimes(FaultKind::kStall, 0.3, 0.02);
  // No run without a fault: a worker, between its first deployment and the last checkpoint.
  faults.sure.insert(Cat(FaultName(OneOf(random, {FaultKind::kKill, FaultKind::kFreeze})), "/worker-",
                         random.Below(static_cast<uint64_t>(cluster.num_workers)), "/", 10 + random.Below(25)));
  return faults;
}

}  // namespace

HostileRun HostileRunOf(uint64_t seed) {
  Random random(seed * 7919);
  HostileRun run;
  Cluster::Options& cluster = run.cluster;
  cluster.seed = seed;
  cluster.num_workers = OneOf(random, {2, 3, 3, 4});
  cluster.slots_per_worker = OneOf(random, {1u, 2u, 2u, 4u});
  cluster.standby = random.Chance(0.4);
  cluster.lease = Millis(OneOf(random, {uint64_t{0}, uint64_t{100}, uint64_t{500}}));
  cluster.channel_limit_bytes = OneOf(random, {size_t{1}, size_t{256}, size_t{4096}, size_t{4096}, size_t{1} << 20});
  cluster.watermark_interval = Millis(OneOf(random, {1u, 10u, 10u, 50u}));
  cluster.heartbeat_timeout = Millis(OneOf(random, {400u, 1000u, 5000u}));
  cluster.heartbeat_interval = cluster.heartbeat_timeout / 5;
  cluster.reconnect_delay = Millis(OneOf(random, {10u, 100u, 500u}));
  cluster.tick = Millis(OneOf(random, {2u, 20u, 20u, 50u}));

  ClicksSettings& clicks = run.clicks;
  clicks.seed = seed;
  uint64_t slots = static_cast<uint64_t>(cluster.num_workers) * cluster.slots_per_worker;
  clicks.parallelism = static_cast<uint32_t>(1 + random.Below(std::min<uint64_t>(4, slots)));
  // Fewer splits than subtasks: some of these are idle from the beginning.
  clicks.splits = OneOf(random, {1, 2, 3, 4, 4, 6});
  clicks.rows_per_split = 1200 / clicks.splits;
  clicks.keys = OneOf(random, {1, 5, 20, 20, 100});
  clicks.rows_per_second = OneOf(random, {800, 1200, 4000});
  clicks.checkpoint_interval_ms = OneOf(random, {1, 50, 100, 100, 300});
  clicks.checkpoint_timeout_ms = OneOf(random, {45, 150, 600, 3000, 3000});
  clicks.tolerable_failures = OneOf(random, {1u, 3u});
  clicks.retained = static_cast<uint32_t>(1 + random.Below(3));
  clicks.initial_backoff_ms = OneOf(random, {1, 10, 100});
  clicks.max_backoff_ms = OneOf(random, {100, 500});

  run.safety = random.Chance(0.5);
  run.faults_end = Millis(500 + random.Below(2500));
  cluster.faults = ChancesOf(random, cluster);
  return run;
}

}  // namespace millrace::sim
