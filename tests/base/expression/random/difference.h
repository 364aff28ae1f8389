#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "tests/base/expression/reference/compare.h"

namespace millrace {

// What was compared, over all calls.
struct Compared {
  int64_t expressions = 0;
  reference::Compared rows;
};

// Makes rows and expressions of the bytes (tests/base/expression/random), and evaluates the expressions each alone, all
// together with their common parts computed once, after constant folding, and by the reference evaluator row by row.
// Nothing: values, NULLs, types and failing rows are the same; else what differs, in words.
std::optional<std::string> FindDifference(std::span<const uint8_t> bytes, Compared& compared);

}  // namespace millrace
