#pragma once

#include <cstdint>
#include <string_view>

namespace millrace {

// CRC-32C (Castagnoli, RFC 3720 appendix B.4), by the CPU's instruction where it has one.
uint32_t Crc32c(std::string_view bytes);

}  // namespace millrace
