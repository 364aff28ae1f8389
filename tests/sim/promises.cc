#include "tests/sim/promises.h"

namespace millrace::sim {
namespace {

constexpr PromiseText kPromises[] = {
    {Promise::kExactTable, "I1 exact table", "the tables hold the answer over all rows, each counted once."},
    {Promise::kSourceCut, "I2 source cut",
     "a checkpoint holds every split once, where no older one was ahead of it, and just the rows before that."},
    {Promise::kCommitLog, "I3 commit log",
     "a table's log holds each complete epoch with output for it once, whole and ascending, and no other."},
    {Promise::kFencing, "I4 fencing", "who has been superseded changes nothing that others see."},
    {Promise::kFiles, "I5 files", "every file that a retained checkpoint, a commit or a table names is there and whole."},
    {Promise::kWatermarks, "I6 watermarks",
     "a watermark never goes back, is as high as the rows read allow and no higher, and a row is late by it alone."},
    {Promise::kWindows, "I7 windows", "a window fires once, with all its rows, and none is open at the end."},
    {Promise::kState, "I8 state", "the subtasks' key groups partition the state, which is the same at any parallelism."},
    {Promise::kLiveness, "I9 liveness", "when faults end the pipeline goes on to its end."},
    {Promise::kBounds, "I10 bounds", "nothing is left that no retained checkpoint names."},
    {Promise::kEdges, "I11 edges", "what was sent on a channel before a barrier arrives before it, all of it."},
    {Promise::kFailLoud, "I12 fail loud", "no task meets what cannot be when nothing was damaged."},
};

}  // namespace

std::span<const PromiseText> Promises() { return kPromises; }

std::string BrokenPromise(Promise promise, std::string_view seen) {
  const PromiseText& text = kPromises[static_cast<size_t>(promise)];
  return Cat(text.name, ": ", text.sentence, " Seen: ", seen);
}

}  // namespace millrace::sim
