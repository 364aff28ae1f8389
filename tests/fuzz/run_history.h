#pragma once

#include <cstddef>
#include <fstream>
#include <string>
#include <string_view>

namespace millrace {

// The inputs that what a target keeps from run to run has seen, for what is found may need them: in a file, which is
// there however the process ends. `fuzz_TARGET FILE…` runs files in turn, as tests/fuzz/prove.py tells with a finding.
//
// The file is $MILLRACE_FUZZ_HISTORY and `suffix`; without that variable nothing is written.
//
//   file := (size u32 LE · input)*
class RunHistory {
 public:
  explicit RunHistory(std::string_view suffix);
  // What is kept is made anew.
  void Forget();
  void Add(std::string_view input);
  size_t num_runs() const { return num_runs_; }

 private:
  std::string path_;
  std::ofstream file_;
  size_t num_runs_ = 0;
};

}  // namespace millrace
