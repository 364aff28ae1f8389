#include "base/blob_store.h"

#include "base/error.h"

namespace millrace {

absl::Status CheckBlobName(std::string_view name) {
  for (std::string_view rest = name;;) {
    size_t slash = rest.find('/');
    std::string_view part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == "..") {
      return InvalidArgument("blob name '", name, "': it must be relative, without empty, '.' and '..' parts");
    }
    if (slash == std::string_view::npos) return absl::OkStatus();
    rest.remove_prefix(slash + 1);
  }
}

}  // namespace millrace
