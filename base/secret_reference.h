#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace millrace {

// A secret is never part of a plan: a plan refers to it, as ${env:NAME} or ${file:/absolute/path}, and the process that
// connects looks it up at that moment. A file's last line end is dropped. No message of these functions holds a value.

// InvalidArgument unless `text` is a reference.
absl::Status CheckSecretReference(std::string_view text);
// Blocks on the file system. FailedPrecondition: there is no such variable or file, or it is empty; says which.
absl::StatusOr<std::string> ResolveSecret(std::string_view reference);

}  // namespace millrace
