#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::sql {

// "10 s", "1min", "500": durations as Flink writes them, in any letter case; a bare number counts milliseconds. The
// units ns and µs count if they make whole milliseconds. nullopt: it is none, or too long for 64 bits.
std::optional<int64_t> ParseDurationMs(std::string_view text);

}  // namespace millrace::sql
