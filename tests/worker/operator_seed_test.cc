#include "worker/operator_seed.h"

#include <gtest/gtest.h>

#include <set>

namespace millrace {
namespace {

TEST(OperatorSeed, IsAnotherForEachProcessDeploymentOperatorAndSubtask) {
  std::set<uint64_t> seeds;
  size_t asked = 0;
  for (uint64_t process : {0, 1}) {
    for (const char* pipeline : {"clicks", "clicks2"}) {
      for (const char* lineage : {"a", "b"}) {
        for (uint64_t generation : {1, 2, 12}) {
          internal::v1::Deploy plan;
          plan.set_pipeline(pipeline);
          plan.set_lineage(lineage);
          plan.set_generation(generation);
          for (const char* uid : {"result-project", "g", "2/g"}) {
            for (uint32_t subtask : {0, 1, 2}) {
              ++asked;
              seeds.insert(OperatorSeed(process, plan, uid, subtask));
              EXPECT_EQ(OperatorSeed(process, plan, uid, subtask), OperatorSeed(process, plan, uid, subtask));
            }
          }
        }
      }
    }
  }
  EXPECT_EQ(seeds.size(), asked);
}

}  // namespace
}  // namespace millrace
