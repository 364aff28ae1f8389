#pragma once

#include <functional>
#include <string>
#include <vector>

namespace millrace::sim {

// A schedule of faults that still fails, and what is known about it.
struct Shrunk {
  std::vector<std::string> faults;
  int num_runs = 0;
  // No fault of it can be left out; else the runs were used up.
  bool is_minimal = false;
};

// Looks for a short schedule that fails by leaving faults out, in parts and one by one (delta debugging: Zeller and
// Hildebrandt 2002), in at most so many runs. `faults` fails.
Shrunk Shrink(std::vector<std::string> faults, const std::function<bool(const std::vector<std::string>&)>& fails, int max_runs);

}  // namespace millrace::sim
