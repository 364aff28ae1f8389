#include "tests/sim/fault_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace millrace::sim {
namespace {

using testing::ElementsAreArray;
using testing::SizeIs;

FaultPlan::Options HalfOfErrors() {
  FaultPlan::Options options;
  options.seed = 7;
  options.chance(FaultKind::kError) = 0.5;
  return options;
}
FaultPlan PlanOf(FaultPlan::Options options) {
  return FaultPlan(std::move(options), [] { return absl::Seconds(1); });
}
std::vector<std::string> Ids(const FaultPlan& plan) {
  std::vector<std::string> ids;
  for (const Fault& fault : plan.taken()) ids.push_back(fault.id);
  return ids;
}

TEST(FaultPlan, WhetherAFaultIsTakenDoesNotDependOnOtherChances) {
  FaultPlan alone = PlanOf(HalfOfErrors());
  for (int i = 0; i < 100; ++i) alone.Take(FaultKind::kError, "worker-0");
  FaultPlan among = PlanOf(HalfOfErrors());
  std::vector<std::string> of_worker_0;
  for (int i = 0; i < 100; ++i) {
    if (Fault* fault = among.Take(FaultKind::kError, "worker-0")) of_worker_0.push_back(fault->id);
    among.Take(FaultKind::kError, "worker-1");
    among.Take(FaultKind::kKill, "worker-0");
  }
  EXPECT_THAT(of_worker_0, ElementsAreArray(Ids(alone)));
  EXPECT_GT(of_worker_0.size(), 25u);
  EXPECT_LT(of_worker_0.size(), 75u);
}

TEST(FaultPlan, AFaultsParametersAreItsOwn) {
  FaultPlan one = PlanOf(HalfOfErrors());
  FaultPlan::Options only = HalfOfErrors();
  for (int i = 0; i < 20; ++i) one.Take(FaultKind::kError, "a/b");
  ASSERT_FALSE(one.taken().empty());
  only.only = {one.taken().back().id};
  FaultPlan other = PlanOf(only);
  for (int i = 0; i < 20; ++i) other.Take(FaultKind::kError, "a/b");
  ASSERT_THAT(other.taken(), SizeIs(1));
  EXPECT_EQ(Random(one.taken().back().random).Next(), Random(other.taken().back().random).Next());
}

TEST(FaultPlan, OnlyWhatIsListedIsTakenAndNothingThatIsDropped) {
  FaultPlan::Options options = HalfOfErrors();
  options.only = {"kill/worker-1/3", "error/worker-0/2", "error/worker-0/4"};
  options.dropped = {"error/worker-0/2"};
  FaultPlan plan = PlanOf(options);
  for (int i = 0; i < 10; ++i) {
    plan.Take(FaultKind::kError, "worker-0");
    plan.Take(FaultKind::kKill, "worker-1");
    plan.Take(FaultKind::kFreeze, "worker-1");
  }
  EXPECT_THAT(Ids(plan), ElementsAreArray({"kill/worker-1/3", "error/worker-0/4"}));
}

TEST(FaultPlan, NothingIsTakenOnceItHasStopped) {
  FaultPlan plan = PlanOf(HalfOfErrors());
  plan.Stop();
  for (int i = 0; i < 100; ++i) plan.Take(FaultKind::kError, "worker-0");
  EXPECT_THAT(plan.taken(), SizeIs(0));
}

TEST(FaultPlan, EveryKindHasANameOfItsOwn) {
  for (size_t i = 0; i < kNumFaultKinds; ++i) {
    FaultKind kind = static_cast<FaultKind>(i);
    EXPECT_EQ(FaultOfName(FaultName(kind)), kind) << FaultName(kind);
  }
  EXPECT_EQ(FaultOfName("flood"), std::nullopt);
}

}  // namespace
}  // namespace millrace::sim
