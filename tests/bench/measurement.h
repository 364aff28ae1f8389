#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

// One run of a workload: from its construction to Report, which prints one JSON object on a line of its own, with the
// keys that every benchmark has: workload, events, wall_s, cpu_s (the whole process's), events_per_cpu_s,
// peak_rss_mb.
class Measurement {
 public:
  explicit Measurement(std::string workload);
  // A fact of this workload beside those that all have.
  void Add(std::string_view name, double value);
  void Report(uint64_t events);

 private:
  const std::string workload_;
  const double began_wall_s_;
  const double began_cpu_s_;
  std::string more_;
};

// A benchmark checks what it computed; a wrong result ends it with this message.
[[noreturn]] void Wrong(std::string_view what);

void BenchDecoder();
void BenchDecoderHostile();
void BenchDecoderFiltered();
void BenchDecoderWide();
void BenchExpressions();
void BenchHashAggregate();
void BenchShuffle();
void BenchSnapshot();
void BenchSqlParser();

}  // namespace millrace
