#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace millrace::sim {

// What the program promises, and the simulation looks at. docs/reliability.md has the same sentences.
enum class Promise {
  kExactTable,
  kSourceCut,
  kCommitLog,
  kFencing,
  kFiles,
  kWatermarks,
  kWindows,
  kState,
  kLiveness,
  kBounds,
  kEdges,
  kFailLoud,
};

struct PromiseText {
  Promise promise;
  std::string_view name;      // "I3 commit log"
  std::string_view sentence;  // what is promised
};
std::span<const PromiseText> Promises();

// What a failure prints: name, sentence, and what was seen where.
std::string BrokenPromise(Promise promise, std::string_view seen);
template <typename... Parts>
std::string Broken(Promise promise, const Parts&... seen) {
  return BrokenPromise(promise, Cat(seen...));
}

}  // namespace millrace::sim
