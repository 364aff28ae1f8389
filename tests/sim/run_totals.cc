#include "tests/sim/run_totals.h"

#include <algorithm>
#include <cstdio>

#include "base/error.h"

namespace millrace::sim {

void RunTotals::Add(const Outcome& outcome) {
  ++seeds_;
  failed_ += outcome.problem.empty() ? 0 : 1;
  without_fault_ += outcome.faults.empty() ? 1 : 0;
  kills_ += static_cast<uint64_t>(outcome.kills);
  restarts_ += outcome.restarts;
  epochs_ += outcome.epochs;
  late_ += outcome.late;
  took_ += outcome.took;
  for (size_t kind = 0; kind < kNumFaultKinds; ++kind) {
    if (outcome.taken[kind] == 0) continue;
    kinds_[kind].taken += outcome.taken[kind];
    ++kinds_[kind].seeds;
    kinds_[kind].lost += outcome.lost;
    kinds_[kind].duplicated += outcome.duplicated;
    kinds_[kind].wrong += outcome.wrong;
  }
  for (const auto& [kind, recovery] : outcome.recoveries) {
    absl::Duration& slowest = kinds_[static_cast<size_t>(kind)].slowest_recovery;
    slowest = std::max(slowest, recovery);
  }
  for (size_t window = 1; window < windows_.size(); ++window) windows_[window] += outcome.windows[window] > 0 ? 1 : 0;
}

std::string RunTotals::Table() const {
  std::string table = "fault               n    seeds   lost  duplicated  wrong  slowest recovery\n";
  for (size_t kind = 0; kind < kNumFaultKinds; ++kind) {
    const OfKind& of = kinds_[kind];
    char line[160];
    std::snprintf(line, sizeof(line), "%-14s %7llu %7llu %6llu %11llu %6llu %15.3f s\n",
                  std::string(FaultName(static_cast<FaultKind>(kind))).c_str(), static_cast<unsigned long long>(of.taken),
                  static_cast<unsigned long long>(of.seeds), static_cast<unsigned long long>(of.lost),
                  static_cast<unsigned long long>(of.duplicated), static_cast<unsigned long long>(of.wrong),
                  absl::ToDoubleSeconds(of.slowest_recovery));
    table += line;
  }
  return table;
}

std::string RunTotals::Json() const {
  std::string json = Cat(R"({"seeds": )", seeds_, R"(, "failed": )", failed_, R"(, "without_fault": )", without_fault_, R"(, "kills": )",
                         kills_, R"(, "restarts": )", restarts_, R"(, "epochs": )", epochs_, R"(, "late_rows": )", late_,
                         R"(, "simulated_seconds": )", absl::ToInt64Seconds(took_), R"(, "faults": {)");
  for (size_t kind = 0; kind < kNumFaultKinds; ++kind) {
    const OfKind& of = kinds_[kind];
    json += Cat(kind == 0 ? "" : ", ", "\"", FaultName(static_cast<FaultKind>(kind)), R"(": {"n": )", of.taken, R"(, "seeds": )", of.seeds,
                R"(, "lost": )", of.lost, R"(, "duplicated": )", of.duplicated, R"(, "wrong": )", of.wrong,
                R"(, "slowest_recovery_ms": )", absl::ToInt64Milliseconds(of.slowest_recovery), "}");
  }
  json += R"(}, "windows": {)";
  for (size_t window = 1; window < windows_.size(); ++window) {
    json += Cat(window == 1 ? "" : ", ", "\"W", window, "\": ", windows_[window]);
  }
  return json + "}}";
}

}  // namespace millrace::sim
