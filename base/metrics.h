#pragma once

#include <initializer_list>
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
std::vector<double> CheckpointSecondsBuckets();   // 50 ms … 10 min
std::vector<double> EventTimeDelayBuckets();      // 100 ms … 1 day
std::vector<double> RpcSecondsBuckets();          // 1 ms … 10 s
std::vector<double> FileSizeBuckets();            // 1 MiB … 1 GiB

// The metrics of one process, on prometheus-cpp's core. Names are prefixed millrace_ except for the de-facto ones.
//
// Thread:  any. Asking twice for the same name and labels gives the same object. What it returns lives as long as the
//          registry, or until RemovePipeline.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Counter* AddCounter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge* AddGauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram* AddHistogram(std::string_view name, std::string_view help, const std::vector<double>& buckets, const Labels& labels = {});
  // Forgets every series with label pipeline=`pipeline`. Nothing may use them any more.
  void RemovePipeline(std::string_view pipeline);
  // Prometheus text format, process_* included.
  std::string Text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
