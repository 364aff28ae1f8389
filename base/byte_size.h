#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace millrace {

// "512MiB", "1.5 GiB", "64MB", "4096": a whole or broken number and B, KiB, MiB, GiB, TiB, or KB, MB, GB, TB in powers
// of ten; without a unit, bytes. InvalidArgument: it is none of these, or does not fit into 63 bits.
absl::StatusOr<uint64_t> ParseByteSize(std::string_view text);

// For people: "817B", "1.5MiB".
std::string FormatByteSize(uint64_t bytes);

}  // namespace millrace
