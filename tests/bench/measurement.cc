#include "tests/bench/measurement.h"

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_format.h"

namespace millrace {
namespace {

double WallSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

rusage Usage() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage;
}

double CpuSeconds() {
  rusage usage = Usage();
  auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

Measurement::Measurement(std::string workload)
    : workload_(std::move(workload)), began_wall_s_(WallSeconds()), began_cpu_s_(CpuSeconds()) {}

void Measurement::Add(std::string_view name, double value) {
  more_ += absl::StrFormat(R"(, "%s": %.6g)", std::string(name), value);
}

void Measurement::Report(uint64_t events) {
  double wall_s = WallSeconds() - began_wall_s_;
  double cpu_s = CpuSeconds() - began_cpu_s_;
  std::printf(R"({"workload": "%s", "events": %llu, "wall_s": %.3f, "cpu_s": %.3f, "events_per_cpu_s": %.0f, "peak_rss_mb": %.0f%s})"
              "\n",
              workload_.c_str(), static_cast<unsigned long long>(events), wall_s, cpu_s,
              static_cast<double>(events) / cpu_s, static_cast<double>(Usage().ru_maxrss) / 1024, more_.c_str());
  std::fflush(stdout);
}

void Wrong(std::string_view what) {
  std::fprintf(stderr, "wrong result: %.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(1);
}

}  // namespace millrace
