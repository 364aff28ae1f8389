#pragma once

#include <cstdint>

#include "tests/sim/clicks_workload.h"
#include "tests/sim/sim_cluster.h"

namespace millrace::sim {

// What a seed makes of a run: settings that a user may choose and that hurt, the workload, and how likely which faults
// are. Every seed takes part of the kinds only, for one kind that is everywhere hides others.
struct HostileRun {
  Cluster::Options cluster;  // with its faults
  // The workload. A seed that is to run another one chooses it here; seed_run.cc then submits and checks it.
  ClicksSettings clicks;
  // Faults go on until the input is through. Else they end at `faults_end`.
  bool safety = true;
  absl::Duration faults_end;
};
HostileRun HostileRunOf(uint64_t seed);

}  // namespace millrace::sim
