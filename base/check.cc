#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace millrace {

void CheckFailed(std::string_view condition, std::string_view why, const std::source_location& where) {
  std::fprintf(stderr, "%s:%u: broken %.*s: %.*s\n", where.file_name(), where.line(), static_cast<int>(condition.size()),
               condition.data(), static_cast<int>(why.size()), why.data());
  std::fflush(stderr);
  std::abort();
}

}  // namespace millrace
