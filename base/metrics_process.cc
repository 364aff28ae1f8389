#include "base/metrics_process.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "base/memory_limit.h"

namespace millrace {

namespace {

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  long total = 0;
  long resident = 0;
  statm >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double OpenFiles() {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  double count = -3;  // ".", ".." and the directory itself
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

double MaxFiles() {
  rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

double StartTimeSeconds() {
  std::ifstream stat("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), std::istreambuf_iterator<char>());
  std::ifstream kernel("/proc/stat");
  double boot = 0;
  for (std::string line; std::getline(kernel, line);) {
    if (line.starts_with("btime ")) boot = std::stod(line.substr(6));
  }
  // The fields after the command's closing parenthesis: the 20th is the start in clock ticks after boot.
  size_t at = text.rfind(')');
  unsigned long long ticks = 0;
  if (at != std::string::npos) {
    std::sscanf(text.c_str() + at + 2,
                "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &ticks);
  }
  return boot + static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

ProcessFigures ReadProcessFigures() {
  static const double started = StartTimeSeconds();
  static const double memory_limit = static_cast<double>(FindMemoryLimit(SystemFiles()).bytes);
  return {CpuSeconds(), ResidentBytes(), OpenFiles(), MaxFiles(), started, memory_limit};
}

}  // namespace millrace
