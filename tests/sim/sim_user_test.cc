#include <gtest/gtest.h>

#include <algorithm>

#include "base/check.h"
#include "coordinator/plan/plan_json.h"
#include "tests/sim/clicks_workload.h"
#include "tests/sim/sim_cluster.h"

namespace millrace::sim {
namespace {

// Seeds 669 and 1500: with fewer slots than 4, the user asked for more than there were, and waited for ever.
TEST(SimUser, AsksForNoMoreSlotsThanThereAre) {
  for (uint32_t slots : {1u, 2u, 3u}) {
    Cluster::Options options;
    options.seed = slots;
    options.num_workers = 1;
    options.slots_per_worker = slots;
    Cluster cluster(options);
    cluster.SetChance(FaultKind::kStop, 0.5);
    auto plan = ReadPlanJson(ClicksPlan({.parallelism = 1, .rows_per_split = 100'000}));
    Check(plan.ok(), "the plan can be read");
    cluster.Submit(*plan);
    cluster.RunUntilState("clicks", v1::PIPELINE_STATE_RUNNING, absl::Seconds(30));
    uint32_t highest = 0;
    auto started_often = [&] {
      highest = std::max(highest, cluster.windows().record().parallelism());
      return cluster.windows().record().generation() >= 20;
    };
    EXPECT_TRUE(cluster.RunUntil(started_often, absl::Minutes(2))) << cluster.last_view().reason();
    EXPECT_EQ(highest, slots) << "it asks for any number that there is, and no more";
    EXPECT_EQ(cluster.windows().problem(), "");
  }
}

}  // namespace
}  // namespace millrace::sim
