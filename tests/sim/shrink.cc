#include "tests/sim/shrink.h"

#include <algorithm>

namespace millrace::sim {

Shrunk Shrink(std::vector<std::string> faults, const std::function<bool(const std::vector<std::string>&)>& fails, int max_runs) {
  Shrunk shrunk{std::move(faults), 0, false};
  auto still_fails = [&](const std::vector<std::string>& fewer) {
    ++shrunk.num_runs;
    return fails(fewer);
  };
  size_t parts = 2;
  while (!shrunk.faults.empty() && shrunk.num_runs < max_runs) {
    const size_t n = shrunk.faults.size();
    parts = std::min(parts, n);
    bool smaller = false;
    for (size_t part = 0; part < parts && !smaller && shrunk.num_runs < max_runs; ++part) {
      std::vector<std::string> rest;
      for (size_t i = 0; i < n; ++i) {
        bool is_left_out = i >= part * n / parts && i < (part + 1) * n / parts;
        if (!is_left_out) rest.push_back(shrunk.faults[i]);
      }
      if (!still_fails(rest)) continue;
      shrunk.faults = std::move(rest);
      parts = std::max<size_t>(parts - 1, 2);
      smaller = true;
    }
    if (smaller) continue;
    if (parts == n) {
      // Each was left out by itself, unless the runs ended before.
      shrunk.is_minimal = shrunk.num_runs < max_runs;
      return shrunk;
    }
    parts *= 2;
  }
  shrunk.is_minimal = shrunk.faults.empty();
  return shrunk;
}

}  // namespace millrace::sim
