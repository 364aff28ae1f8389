#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace millrace {

// A regular expression of java.util.regex in the syntax of RE2, with the same meaning. What Java takes for a mistake is
// left to RE2 to find. Fails with InvalidArgument: RE2 would understand it otherwise, or has nothing for it.
absl::StatusOr<std::string> FromJavaRegex(std::string_view regex);

}  // namespace millrace
