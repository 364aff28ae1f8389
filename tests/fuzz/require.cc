#include <google/protobuf/stubs/logging.h>

#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/fuzz_target.h"

// Protobuf would write a line for every string that is not UTF-8.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);
  return 0;
}

namespace millrace {

void Require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace millrace
