#include "server/memory_flags.h"

#include <algorithm>
#include <array>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {
namespace {

constexpr uint64_t kMiB = 1 << 20;

struct Part {
  const char* flag;
  const std::string* text;
  double share;
  uint64_t least;
  std::string why_least;
  uint64_t bytes = 0;
};

absl::Status ShareRest(std::array<Part, 3>& parts, const MemoryLimit& limit) {
  const std::string whole = Cat("this process may use ", FormatByteSize(limit.bytes), " (", limit.whose, ")");
  uint64_t given = 0;
  double shares = 0;
  std::string names;
  for (const Part& part : parts) {
    given += part.bytes;
    if (part.text->empty()) shares += part.share;
    if (!part.text->empty()) names += Cat(names.empty() ? "" : ", ", part.flag, " ", *part.text);
  }
  if (given > limit.bytes) {
    return InvalidArgument("budgets of memory: ", names, ": together ", FormatByteSize(given), ", but ", whole,
                           "; lower them, or give the process more");
  }
  const auto total = static_cast<double>(limit.bytes);
  const double scale = shares == 0 ? 0 : std::min(1.0, static_cast<double>(limit.bytes - given) / (shares * total));
  for (Part& part : parts) {
    if (!part.text->empty()) continue;
    part.bytes = static_cast<uint64_t>(part.share * total * scale);
    if (part.bytes >= part.least) continue;
    return InvalidArgument("budgets of memory: ", whole, names.empty() ? "" : Cat(", and ", names), ", which leaves ",
                           FormatByteSize(part.bytes), " for ", part.flag, "; it needs at least ",
                           FormatByteSize(part.least), part.why_least, ". Give the process more",
                           names.empty() ? "" : ", or lower what was given");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<MemoryBudget> MakeMemoryBudget(const MemoryFlags& flags, const MemoryLimit& limit, int num_slots) {
  std::array<Part, 3> parts = {Part{"--memory-buffers", &flags.buffers, 0.2, 16 * kMiB, ""},
                               Part{"--memory-state", &flags.state, 0.4, kMiB * static_cast<uint64_t>(num_slots),
                                    Cat(", 1MiB for each of ", num_slots, num_slots == 1 ? " slot" : " slots")},
                               Part{"--memory-snapshots", &flags.snapshots, 0.2, 16 * kMiB, ""}};
  for (Part& part : parts) {
    if (part.text->empty()) continue;
    absl::StatusOr<uint64_t> bytes = ParseByteSize(*part.text);
    if (!bytes.ok()) return Annotate(bytes.status(), part.flag);
    if (*bytes < part.least) {
      return InvalidArgument(part.flag, " ", *part.text, " is too little: it must be at least ",
                             FormatByteSize(part.least), part.why_least);
    }
    part.bytes = *bytes;
  }
  if (limit.bytes > 0) RETURN_IF_ERROR(ShareRest(parts, limit));
  return MemoryBudget{.buffers = parts[0].bytes, .state = parts[1].bytes, .snapshots = parts[2].bytes};
}

}  // namespace millrace
