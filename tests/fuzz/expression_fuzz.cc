// Bytes as decisions of what expressions there are over which rows: the engine evaluates them alone, together and
// folded, and gives what the reference evaluator gives.
#include "tests/base/expression/random/difference.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  millrace::Compared compared;
  const auto difference = millrace::FindDifference({data, size}, compared);
  millrace::Require(!difference, difference.value_or(""));
  return 0;
}
