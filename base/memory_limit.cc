#include "base/memory_limit.h"

#include <fstream>
#include <iterator>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "base/error.h"

namespace millrace {
namespace {

constexpr char kVersion2Root[] = "/sys/fs/cgroup";
constexpr char kVersion1Root[] = "/sys/fs/cgroup/memory";

void Lower(std::optional<std::string> text, const std::string& whose, MemoryLimit* limit) {
  uint64_t bytes = 0;
  // "max" is no number; version 1 says none with a number larger than any machine.
  if (!text.has_value() || !absl::SimpleAtoi(absl::StripAsciiWhitespace(*text), &bytes) || bytes == 0) return;
  if (limit->bytes == 0 || bytes < limit->bytes) *limit = {bytes, whose};
}

// A group and all groups above it, up to the mount's root.
void LowerByGroups(const ReadSmallFile& read, const std::string& root, std::string group, const char* file,
                   MemoryLimit* limit) {
  while (!group.empty() && group.back() == '/') group.pop_back();
  while (true) {
    Lower(read(Cat(root, group, "/", file)), Cat("the control group ", root, group), limit);
    size_t slash = group.rfind('/');
    if (slash == std::string::npos) return;
    group.resize(slash);
  }
}

}  // namespace

ReadSmallFile SystemFiles() {
  return [](const std::string& path) -> std::optional<std::string> {
    std::ifstream file(path);
    if (!file) return std::nullopt;
    return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  };
}

MemoryLimit FindMemoryLimit(const ReadSmallFile& read) {
  MemoryLimit limit;
  std::istringstream machine(read("/proc/meminfo").value_or(""));
  for (std::string line; std::getline(machine, line);) {
    uint64_t kilobytes = 0;
    std::istringstream fields(line);
    std::string name;
    if (fields >> name >> kilobytes && name == "MemTotal:") limit = {kilobytes * 1024, "the machine"};
  }
  std::string group2;
  std::string group1;
  // "<hierarchy>:<controllers>:<path>"; version 2 has no controllers.
  std::istringstream groups(read("/proc/self/cgroup").value_or(""));
  for (std::string line; std::getline(groups, line);) {
    size_t first = line.find(':');
    size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::string controllers = Cat(",", line.substr(first + 1, second - first - 1), ",");
    if (controllers == ",,") group2 = line.substr(second + 1);
    if (controllers.find(",memory,") != std::string::npos) group1 = line.substr(second + 1);
  }
  LowerByGroups(read, kVersion2Root, group2, "memory.max", &limit);
  LowerByGroups(read, kVersion1Root, group1, "memory.limit_in_bytes", &limit);
  return limit;
}

}  // namespace millrace
