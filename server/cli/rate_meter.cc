#include "server/cli/rate_meter.h"

namespace millrace {
namespace {

constexpr absl::Duration kSpan = absl::Seconds(5);

}  // namespace

void RateMeter::Observe(absl::Duration now, uint64_t total) {
  if (!samples_.empty() && total < samples_.back().total) samples_.clear();
  samples_.push_back({now, total});
  while (samples_.front().at < now - kSpan) samples_.pop_front();
}

double RateMeter::PerSecond() const {
  if (samples_.empty()) return 0;
  const Sample& first = samples_.front();
  const auto seconds = [&](const Sample& sample) { return absl::ToDoubleSeconds(sample.at - first.at); };
  const auto records = [&](const Sample& sample) { return static_cast<double>(sample.total - first.total); };
  double mean_seconds = 0;
  double mean_records = 0;
  for (const Sample& sample : samples_) {
    mean_seconds += seconds(sample) / static_cast<double>(samples_.size());
    mean_records += records(sample) / static_cast<double>(samples_.size());
  }
  double variance = 0;
  double covariance = 0;
  for (const Sample& sample : samples_) {
    const double distance = seconds(sample) - mean_seconds;
    variance += distance * distance;
    covariance += distance * (records(sample) - mean_records);
  }
  return variance > 0 ? covariance / variance : 0;
}

}  // namespace millrace
