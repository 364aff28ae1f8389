#include "tests/fuzz/run_history.h"

#include <cstdint>
#include <cstdlib>

namespace millrace {

RunHistory::RunHistory(std::string_view suffix) {
  const char* path = std::getenv("MILLRACE_FUZZ_HISTORY");
  if (path != nullptr) path_ = std::string(path) + std::string(suffix);
}

void RunHistory::Forget() {
  num_runs_ = 0;
  if (path_.empty()) return;
  file_.close();
  file_.open(path_, std::ios::binary | std::ios::trunc);
}

void RunHistory::Add(std::string_view input) {
  ++num_runs_;
  if (path_.empty()) return;
  char size[4];
  for (int i = 0; i < 4; ++i) size[i] = static_cast<char>(static_cast<uint32_t>(input.size()) >> (8 * i));
  file_.write(size, sizeof(size)).write(input.data(), static_cast<std::streamsize>(input.size())).flush();
}

}  // namespace millrace
