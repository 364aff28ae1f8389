#include "coordinator/pipeline_state.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(PipelineState, NothingFollowsFinished) {
  for (int to = v1::PIPELINE_STATE_CREATED; to <= v1::PIPELINE_STATE_CANCELLED; ++to) {
    EXPECT_FALSE(MayFollow(v1::PIPELINE_STATE_FINISHED, static_cast<v1::PipelineState>(to)));
  }
}

TEST(PipelineState, OnlyAStartLeavesAStateOfRest) {
  EXPECT_TRUE(MayFollow(v1::PIPELINE_STATE_STOPPED, v1::PIPELINE_STATE_STARTING));
  EXPECT_FALSE(MayFollow(v1::PIPELINE_STATE_STOPPED, v1::PIPELINE_STATE_RUNNING));
  EXPECT_FALSE(MayFollow(v1::PIPELINE_STATE_UNSPECIFIED, v1::PIPELINE_STATE_STARTING));
}

TEST(PipelineState, RefusalsNameTheStateAndSayWhatToDo) {
  EXPECT_TRUE(MayStart("p", v1::PIPELINE_STATE_FAILED).ok());
  EXPECT_EQ(MayStart("p", v1::PIPELINE_STATE_STOPPING).message(), "start pipeline p: it is STOPPING; wait until it is STOPPED");
  EXPECT_FALSE(MayStart("p", v1::PIPELINE_STATE_RESTARTING).ok());
  EXPECT_FALSE(MayStop("p", v1::PIPELINE_STATE_STOPPED).ok());
  EXPECT_TRUE(MayCancel("p", v1::PIPELINE_STATE_STOPPING).ok());
  EXPECT_FALSE(MayCancel("p", v1::PIPELINE_STATE_CANCELLED).ok());
}

}  // namespace
}  // namespace millrace
