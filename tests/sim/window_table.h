#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/memory_blob_store.h"
#include "millrace/v1/plan.pb.h"

namespace millrace::sim {

// A pipeline whose only table, sim://out, holds counts per user and window, and the answer that it must come to. Reads
// tables by the text of their log: shares no code with the sink.

// Pipeline "clicks". Rows are in order, none is late or bad. The longer the window, the rarer is an epoch with rows.
v1::Plan WindowPlan(uint64_t seed, int64_t window_ms);

using WindowRow = std::tuple<std::string, int64_t, int64_t, int64_t>;  // user, start of the window, n, newest event
using WindowRows = std::multiset<WindowRow>;

WindowRows ExpectedWindows(const v1::Plan& plan);

// One epoch with rows that is in the table.
struct WindowCommit {
  uint64_t epoch = 0;
  WindowRows rows;
};
// Those that can be read, in the order of the log.
std::vector<WindowCommit> ReadWindowCommits(MemoryBlobStore& table);

// Empty: equal. Else what is lost, wrong or there twice. `whole` false: rows may still be missing.
std::string CompareWindows(const WindowRows& rows, const WindowRows& expected, bool whole = true);

}  // namespace millrace::sim
