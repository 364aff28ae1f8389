#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace millrace {

// The text of a small file; nothing if it cannot be read. The seam behind which the kernel's files lie.
using ReadSmallFile = std::function<std::optional<std::string>(const std::string& path)>;
ReadSmallFile SystemFiles();

// How much memory this process may use before the kernel ends it.
struct MemoryLimit {
  uint64_t bytes = 0;  // 0: the kernel does not say
  std::string whose;   // for messages: "the machine", "the control group /sys/fs/cgroup/…"
};

// The lowest of what the machine has and of the limits of the process's control group and all groups above it, version
// 2 or 1. In a container the group's own files usually lie at the root of the mount, where they are looked for too.
//
// Blocks:  for some small files.
MemoryLimit FindMemoryLimit(const ReadSmallFile& read);

}  // namespace millrace
