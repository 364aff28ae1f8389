#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/fuzz_target.h"

namespace millrace {

void Require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace millrace
