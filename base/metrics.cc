#include "base/metrics.h"

#include <dirent.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "base/mutex.h"

namespace millrace {
namespace {

class PrometheusCounter final : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter* inner) : inner_(inner) {}
  void Add(double amount) override { inner_->Increment(amount); }
  prometheus::Counter* const inner_;
};

class PrometheusGauge final : public Gauge {
 public:
  explicit PrometheusGauge(prometheus::Gauge* inner) : inner_(inner) {}
  void Set(double value) override { inner_->Set(value); }
  prometheus::Gauge* const inner_;
};

class PrometheusHistogram final : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram* inner) : inner_(inner) {}
  void Observe(double value) override { inner_->Observe(value); }
  prometheus::Histogram* const inner_;
};

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
    std::sscanf(text.c_str() + at + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &ticks);
  }
  return boot + static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

std::vector<double> CheckpointSecondsBuckets() { return {.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600}; }
std::vector<double> EventTimeDelayBuckets() { return {.1, .5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400}; }
std::vector<double> RpcSecondsBuckets() { return {.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}; }
std::vector<double> FileSizeBuckets() {
  constexpr double kMiB = 1024.0 * 1024.0;
  return {1 * kMiB, 4 * kMiB, 16 * kMiB, 32 * kMiB, 64 * kMiB, 128 * kMiB, 256 * kMiB, 512 * kMiB, 1024 * kMiB};
}

struct Metrics::Impl {
  template <typename Family, typename Wrapper>
  struct Kind {
    struct Series {
      std::string pipeline;
      std::unique_ptr<Wrapper> wrapper;
    };
    struct Entry {
      Family* family = nullptr;
      std::map<Labels, Series> series;
    };
    std::map<std::string, Entry, std::less<>> entries;

    template <typename MakeFamily, typename MakeSeries>
    Wrapper* Find(std::string_view name, const Labels& labels, MakeFamily make_family, MakeSeries make_series) {
      Entry& entry = entries[std::string(name)];
      if (entry.family == nullptr) entry.family = &make_family();
      Series& series = entry.series[labels];
      if (series.wrapper == nullptr) {
        series.wrapper = std::make_unique<Wrapper>(&make_series(*entry.family));
        auto pipeline = labels.find("pipeline");
        if (pipeline != labels.end()) series.pipeline = pipeline->second;
      }
      return series.wrapper.get();
    }
    void Remove(std::string_view pipeline) {
      for (auto& [name, entry] : entries) {
        for (auto at = entry.series.begin(); at != entry.series.end();) {
          if (at->second.pipeline != pipeline || pipeline.empty()) {
            ++at;
            continue;
          }
          entry.family->Remove(at->second.wrapper->inner_);
          at = entry.series.erase(at);
        }
      }
    }
  };

  prometheus::Registry registry;
  Mutex mutex;
  Kind<prometheus::Family<prometheus::Counter>, PrometheusCounter> counters ABSL_GUARDED_BY(mutex);
  Kind<prometheus::Family<prometheus::Gauge>, PrometheusGauge> gauges ABSL_GUARDED_BY(mutex);
  Kind<prometheus::Family<prometheus::Histogram>, PrometheusHistogram> histograms ABSL_GUARDED_BY(mutex);
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter* Metrics::AddCounter(std::string_view name, std::string_view help, const Labels& labels) {
  MutexLock lock(&impl_->mutex);
  return impl_->counters.Find(
      name, labels,
      [&]() -> auto& {
        return prometheus::BuildCounter().Name(std::string(name)).Help(std::string(help)).Register(impl_->registry);
      },
      [&](auto& family) -> auto& { return family.Add(labels); });
}

Gauge* Metrics::AddGauge(std::string_view name, std::string_view help, const Labels& labels) {
  MutexLock lock(&impl_->mutex);
  return impl_->gauges.Find(
      name, labels,
      [&]() -> auto& {
        return prometheus::BuildGauge().Name(std::string(name)).Help(std::string(help)).Register(impl_->registry);
      },
      [&](auto& family) -> auto& { return family.Add(labels); });
}

Histogram* Metrics::AddHistogram(std::string_view name, std::string_view help, const std::vector<double>& buckets,
                                 const Labels& labels) {
  MutexLock lock(&impl_->mutex);
  return impl_->histograms.Find(
      name, labels,
      [&]() -> auto& {
        return prometheus::BuildHistogram().Name(std::string(name)).Help(std::string(help)).Register(impl_->registry);
      },
      [&](auto& family) -> auto& { return family.Add(labels, buckets); });
}

void Metrics::RemovePipeline(std::string_view pipeline) {
  MutexLock lock(&impl_->mutex);
  impl_->counters.Remove(pipeline);
  impl_->gauges.Remove(pipeline);
  impl_->histograms.Remove(pipeline);
}

std::string Metrics::Text() const {
  auto families = impl_->registry.Collect();
  auto process = [&](const char* name, const char* help, prometheus::MetricType type, double value) {
    prometheus::MetricFamily family{name, help, type, {}};
    prometheus::ClientMetric metric;
    if (type == prometheus::MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
    family.metric.push_back(metric);
    families.push_back(family);
  };
  using prometheus::MetricType;
  process("process_cpu_seconds_total", "User and system CPU time of the process.", MetricType::Counter, CpuSeconds());
  process("process_resident_memory_bytes", "Resident memory of the process.", MetricType::Gauge, ResidentBytes());
  process("process_open_fds", "Open file descriptors.", MetricType::Gauge, OpenFiles());
  process("process_max_fds", "Limit of open file descriptors.", MetricType::Gauge, MaxFiles());
  process("process_start_time_seconds", "When the process started, in seconds since the epoch.", MetricType::Gauge,
          StartTimeSeconds());
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace millrace
