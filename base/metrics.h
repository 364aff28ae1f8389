#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

using Labels = std::map<std::string, std::string>;

// A number that only goes up. Any thread.
class Counter {
 public:
  virtual ~Counter() = default;
  virtual void Add(double amount = 1) = 0;
};
// A number that is set. Any thread.
class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void Set(double value) = 0;
};
// Counts of observations by bucket. Any thread.
class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double value) = 0;
};

// Upper bounds of histogram buckets, in the unit of the metric.
std::vector<double> BatchSecondsBuckets();       // 100 µs … 1 s
std::vector<double> CheckpointSecondsBuckets();  // 50 ms … 10 min
std::vector<double> PhaseSecondsBuckets();       // 1 ms … 10 min
std::vector<double> EventTimeDelayBuckets();     // 100 ms … 1 day
std::vector<double> RpcSecondsBuckets();         // 1 ms … 10 s
std::vector<double> FileSizeBuckets();           // 1 MiB … 1 GiB

// The metrics of one process, on prometheus-cpp's core. Names are prefixed millrace_ except for the de-facto ones.
// docs/metrics.md lists them all, and a test compares.
//
// Thread:  any. Asking twice for the same name and labels gives the same object.
class Metrics {
 public:
  // A process that has more would hurt who scrapes it: what comes behind is counted and not shown.
  static constexpr size_t kMaxSeries = 20'000;

  explicit Metrics(size_t max_series = kMaxSeries);
  ~Metrics();
  // Series of the process: they live as long as this does. Those of a pipeline belong into a MetricScope.
  Counter* AddCounter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge* AddGauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram* AddHistogram(std::string_view name, std::string_view help, const std::vector<double>& buckets, const Labels& labels = {});

  // `collect` runs at the beginning of every Text(), on its thread, for figures that are only read then. It ends with
  // the handle, whose destruction waits while it runs; this must outlive the handle.
  [[nodiscard]] std::shared_ptr<void> BeforeText(std::function<void()> collect);
  // Prometheus text format, process_* included.
  std::string Text();

 private:
  friend class MetricScope;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Series that end with what they describe: a pipeline's on a worker, say. All of them carry the scope's labels. A
// series that several scopes have asked for is one, and is removed when the last of them has gone.
//
// Owns:    its share of its series. Borrows the metrics; null: nothing is recorded.
// Thread:  Add: one at a time. What it returns: any, as long as the scope lives.
class MetricScope {
 public:
  MetricScope(Metrics* metrics, Labels labels);
  ~MetricScope();
  MetricScope(const MetricScope&) = delete;
  MetricScope& operator=(const MetricScope&) = delete;
  Counter* AddCounter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge* AddGauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram* AddHistogram(std::string_view name, std::string_view help, const std::vector<double>& buckets, const Labels& labels = {});

 private:
  Labels With(const Labels& labels) const;
  Metrics* const metrics_;
  const Labels labels_;
  struct Share;
  std::vector<Share> shares_;
};

}  // namespace millrace
