#include "worker/operator_seed.h"

#include <string>

#include "base/error.h"
#include "base/key_group.h"
#include "base/random.h"

namespace millrace {

uint64_t OperatorSeed(uint64_t process_seed, const internal::v1::Deploy& plan, std::string_view uid, uint32_t subtask) {
  const std::string whose =
      Cat(plan.pipeline(), "/", plan.lineage(), "/", plan.generation(), "/", subtask, "/", uid);
  return Random(process_seed ^ HashKeyBytes(whose)).Next();
}

}  // namespace millrace
