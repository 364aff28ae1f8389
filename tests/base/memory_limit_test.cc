#include "base/memory_limit.h"

#include <gtest/gtest.h>

#include <map>

namespace millrace {
namespace {

constexpr uint64_t kGiB = 1ull << 30;

MemoryLimit LimitOf(const std::map<std::string, std::string>& files) {
  return FindMemoryLimit([&](const std::string& path) -> std::optional<std::string> {
    auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  });
}

const std::string kMachine = "MemFree:  1 kB\nMemTotal:       8388608 kB\nMemAvailable: 7 kB\n";

TEST(MemoryLimit, WithoutGroupsItIsTheMachines) {
  MemoryLimit limit = LimitOf({{"/proc/meminfo", kMachine}});
  EXPECT_EQ(limit.bytes, 8 * kGiB);
  EXPECT_EQ(limit.whose, "the machine");
  EXPECT_EQ(LimitOf({}).bytes, 0u);
}

TEST(MemoryLimit, OfVersion2TheLowestOfAllGroupsAboveCounts) {
  std::map<std::string, std::string> files = {{"/proc/meminfo", kMachine},
                                              {"/proc/self/cgroup", "0::/pod/worker\n"},
                                              {"/sys/fs/cgroup/pod/worker/memory.max", "max\n"},
                                              {"/sys/fs/cgroup/pod/memory.max", "2147483648\n"}};
  MemoryLimit limit = LimitOf(files);
  EXPECT_EQ(limit.bytes, 2 * kGiB);
  EXPECT_EQ(limit.whose, "the control group /sys/fs/cgroup/pod");
  files["/sys/fs/cgroup/pod/worker/memory.max"] = "1073741824\n";
  EXPECT_EQ(LimitOf(files).whose, "the control group /sys/fs/cgroup/pod/worker");
}

TEST(MemoryLimit, InAContainerTheGroupLiesAtTheRoot) {
  // The path in /proc is the host's, which is not there.
  MemoryLimit limit = LimitOf({{"/proc/meminfo", kMachine},
                               {"/proc/self/cgroup", "0::/kubepods/burstable/pod1/abc\n"},
                               {"/sys/fs/cgroup/memory.max", "536870912\n"}});
  EXPECT_EQ(limit.bytes, kGiB / 2);
  EXPECT_EQ(limit.whose, "the control group /sys/fs/cgroup");
}

TEST(MemoryLimit, OfVersion1) {
  std::map<std::string, std::string> files = {
      {"/proc/meminfo", kMachine},
      {"/proc/self/cgroup", "5:cpu,cpuacct:/elsewhere\n4:memory:/job\n0::/\n"},
      {"/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"}};
  EXPECT_EQ(LimitOf(files).whose, "the machine");
  files["/sys/fs/cgroup/memory/job/memory.limit_in_bytes"] = "1073741824\n";
  EXPECT_EQ(LimitOf(files).bytes, kGiB);
  EXPECT_EQ(LimitOf(files).whose, "the control group /sys/fs/cgroup/memory/job");
}

TEST(MemoryLimit, DamagedFilesSayNothing) {
  MemoryLimit limit = LimitOf({{"/proc/meminfo", kMachine},
                               {"/proc/self/cgroup", "no colons\n:\n0:/half\n"},
                               {"/sys/fs/cgroup/memory.max", ""}});
  EXPECT_EQ(limit.bytes, 8 * kGiB);
}

TEST(MemoryLimit, ThisMachineHasOne) { EXPECT_GT(FindMemoryLimit(SystemFiles()).bytes, 0u); }

}  // namespace
}  // namespace millrace
