#pragma once

#include <cstdint>
#include <string>

namespace millrace {

// A random (version 4) UUID of 128 bits, six of which say that it is one: "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx".
std::string FormatUuid(uint64_t high, uint64_t low);

}  // namespace millrace
