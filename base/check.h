#pragma once

#include <source_location>
#include <string_view>

namespace millrace {

// Ends the process with the place and the reason. Recovery from a crash is what we are good at; a broken invariant is a
// crash.
[[noreturn]] void CheckFailed(std::string_view condition, std::string_view why, const std::source_location& where);

// Crashes unless `holds`. `why` says what the invariant means.
inline void Check(bool holds, std::string_view why, const std::source_location& where = std::source_location::current()) {
  if (!holds) [[unlikely]]
    CheckFailed("invariant", why, where);
}

}  // namespace millrace
