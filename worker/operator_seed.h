#pragma once

#include <cstdint>
#include <string_view>

#include "millrace/internal/v1/control.pb.h"

namespace millrace {

// Where an operator's randomness begins: a function of the process's seed and of whose it is, so that no two operators,
// subtasks or deployments begin alike, and a simulated run repeats.
uint64_t OperatorSeed(uint64_t process_seed, const internal::v1::Deploy& plan, std::string_view uid, uint32_t subtask);

}  // namespace millrace
