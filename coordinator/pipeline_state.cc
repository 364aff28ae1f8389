#include "coordinator/pipeline_state.h"

#include "base/error.h"

namespace millrace {
namespace {

constexpr int kNumStates = 9;
// CREATED STARTING RUNNING STOPPING STOPPED RESTARTING FAILED FINISHED CANCELLED, from row to column.
constexpr bool kTable[kNumStates][kNumStates] = {{0, 1, 0, 0, 0, 0, 0, 0, 1},
                                                 {0, 0, 1, 1, 0, 1, 1, 0, 1},
                                                 {0, 0, 0, 1, 0, 1, 1, 1, 1},
                                                 {0, 0, 0, 0, 1, 1, 1, 1, 1},
                                                 {0, 1, 0, 0, 0, 0, 0, 0, 1},
                                                 {0, 1, 1, 1, 0, 0, 1, 0, 1},
                                                 {0, 1, 0, 0, 0, 0, 0, 0, 1},
                                                 {0, 0, 0, 0, 0, 0, 0, 0, 0},
                                                 {0, 1, 0, 0, 0, 0, 0, 0, 0}};

bool Valid(v1::PipelineState state) { return state >= 1 && state <= kNumStates; }

}  // namespace

bool MayFollow(v1::PipelineState from, v1::PipelineState to) {
  return Valid(from) && Valid(to) && kTable[from - 1][to - 1];
}

std::string_view StateName(v1::PipelineState state) {
  constexpr std::string_view kNames[] = {"UNSPECIFIED", "CREATED",    "STARTING", "RUNNING",  "STOPPING",
                                         "STOPPED",     "RESTARTING", "FAILED",   "FINISHED", "CANCELLED"};
  return Valid(state) ? kNames[state] : kNames[0];
}

absl::Status MayStart(std::string_view pipeline, v1::PipelineState state) {
  if (MayFollow(state, v1::PIPELINE_STATE_STARTING) && state != v1::PIPELINE_STATE_RESTARTING) return absl::OkStatus();
  std::string_view advice = state == v1::PIPELINE_STATE_FINISHED ? "it has read all its input, create a pipeline of another name"
                            : state == v1::PIPELINE_STATE_STOPPING ? "wait until it is STOPPED"
                                                                   : "stop it first to start it differently";
  return FailedPrecondition("start pipeline ", pipeline, ": it is ", StateName(state), "; ", advice);
}

absl::Status MayStop(std::string_view pipeline, v1::PipelineState state) {
  if (MayFollow(state, v1::PIPELINE_STATE_STOPPING)) return absl::OkStatus();
  return FailedPrecondition("stop pipeline ", pipeline, ": it is ", StateName(state), "; only one that runs can be stopped");
}

absl::Status MayCancel(std::string_view pipeline, v1::PipelineState state) {
  if (MayFollow(state, v1::PIPELINE_STATE_CANCELLED)) return absl::OkStatus();
  return FailedPrecondition("cancel pipeline ", pipeline, ": it is ", StateName(state), " already");
}

}  // namespace millrace
