#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <set>
#include <utility>

#include "base/metrics_process.h"
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

// What is asked for behind the limit of series.
class DiscardedCounter final : public Counter {
  void Add(double) override {}
};
class DiscardedGauge final : public Gauge {
  void Set(double) override {}
};
class DiscardedHistogram final : public Histogram {
  void Observe(double) override {}
};

}  // namespace

std::vector<double> BatchSecondsBuckets() {
  return {.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1};
}
std::vector<double> PhaseSecondsBuckets() {
  return {.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600};
}
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
      std::unique_ptr<Wrapper> wrapper;
      size_t num_holders = 0;
    };
    struct Entry {
      Family* family = nullptr;
      std::map<Labels, Series> series;
    };
    std::map<std::string, Entry, std::less<>> entries;

    // Null: there is no room in `num_series`.
    template <typename MakeFamily, typename MakeSeries>
    Wrapper* Hold(std::string_view name, const Labels& labels, size_t limit, size_t* num_series, MakeFamily make_family,
                  MakeSeries make_series) {
      auto entry = entries.find(name);
      if (entry == entries.end()) entry = entries.emplace(std::string(name), Entry{}).first;
      if (entry->second.family == nullptr) entry->second.family = &make_family();
      auto series = entry->second.series.find(labels);
      if (series == entry->second.series.end()) {
        if (*num_series >= limit) return nullptr;
        ++*num_series;
        series = entry->second.series.emplace(labels, Series{}).first;
        series->second.wrapper = std::make_unique<Wrapper>(&make_series(*entry->second.family));
      }
      ++series->second.num_holders;
      return series->second.wrapper.get();
    }
    void LetGo(std::string_view name, const Labels& labels, size_t* num_series) {
      Entry& entry = entries.find(name)->second;
      auto series = entry.series.find(labels);
      if (--series->second.num_holders > 0) return;
      entry.family->Remove(series->second.wrapper->inner_);
      entry.series.erase(series);
      --*num_series;
    }
  };

  explicit Impl(size_t limit) : max_series(limit) {}

  Counter* HoldCounter(std::string_view name, std::string_view help, const Labels& labels) {
    MutexLock lock(&mutex);
    auto* found = counters.Hold(
        name, labels, max_series, &num_series,
        [&]() -> auto& {
          return prometheus::BuildCounter().Name(std::string(name)).Help(std::string(help)).Register(registry);
        },
        [&](auto& family) -> auto& { return family.Add(labels); });
    if (found != nullptr) return found;
    ++num_dropped;
    return &no_counter;
  }
  Gauge* HoldGauge(std::string_view name, std::string_view help, const Labels& labels) {
    MutexLock lock(&mutex);
    auto* found = gauges.Hold(
        name, labels, max_series, &num_series,
        [&]() -> auto& {
          return prometheus::BuildGauge().Name(std::string(name)).Help(std::string(help)).Register(registry);
        },
        [&](auto& family) -> auto& { return family.Add(labels); });
    if (found != nullptr) return found;
    ++num_dropped;
    return &no_gauge;
  }
  Histogram* HoldHistogram(std::string_view name, std::string_view help, const std::vector<double>& buckets,
                           const Labels& labels) {
    MutexLock lock(&mutex);
    auto* found = histograms.Hold(
        name, labels, max_series, &num_series,
        [&]() -> auto& {
          return prometheus::BuildHistogram().Name(std::string(name)).Help(std::string(help)).Register(registry);
        },
        [&](auto& family) -> auto& { return family.Add(labels, buckets); });
    if (found != nullptr) return found;
    ++num_dropped;
    return &no_histogram;
  }

  const size_t max_series;
  DiscardedCounter no_counter;
  DiscardedGauge no_gauge;
  DiscardedHistogram no_histogram;
  prometheus::Registry registry;
  Mutex mutex;
  Kind<prometheus::Family<prometheus::Counter>, PrometheusCounter> counters ABSL_GUARDED_BY(mutex);
  Kind<prometheus::Family<prometheus::Gauge>, PrometheusGauge> gauges ABSL_GUARDED_BY(mutex);
  Kind<prometheus::Family<prometheus::Histogram>, PrometheusHistogram> histograms ABSL_GUARDED_BY(mutex);
  size_t num_series ABSL_GUARDED_BY(mutex) = 0;
  uint64_t num_dropped ABSL_GUARDED_BY(mutex) = 0;

  // Held while they run. Never taken under `mutex`.
  Mutex collecting;
  std::set<std::function<void()>*> collectors ABSL_GUARDED_BY(collecting);
};

Metrics::Metrics(size_t max_series) : impl_(std::make_unique<Impl>(max_series)) {}
Metrics::~Metrics() = default;

Counter* Metrics::AddCounter(std::string_view name, std::string_view help, const Labels& labels) {
  return impl_->HoldCounter(name, help, labels);
}
Gauge* Metrics::AddGauge(std::string_view name, std::string_view help, const Labels& labels) {
  return impl_->HoldGauge(name, help, labels);
}
Histogram* Metrics::AddHistogram(std::string_view name, std::string_view help, const std::vector<double>& buckets,
                                 const Labels& labels) {
  return impl_->HoldHistogram(name, help, buckets, labels);
}

std::shared_ptr<void> Metrics::BeforeText(std::function<void()> collect) {
  auto* collector = new std::function<void()>(std::move(collect));
  {
    MutexLock lock(&impl_->collecting);
    impl_->collectors.insert(collector);
  }
  return std::shared_ptr<void>(nullptr, [impl = impl_.get(), collector](void*) {
    {
      MutexLock lock(&impl->collecting);
      impl->collectors.erase(collector);
    }
    delete collector;
  });
}

std::string Metrics::Text() {
  {
    MutexLock lock(&impl_->collecting);
    for (auto* collect : impl_->collectors) (*collect)();
  }
  auto families = impl_->registry.Collect();
  auto add = [&](const char* name, const char* help, prometheus::MetricType type, double value,
                 const Labels& labels = {}) {
    prometheus::MetricFamily family{name, help, type, {}};
    prometheus::ClientMetric metric;
    for (const auto& [label, text] : labels) metric.label.push_back({label, text});
    (type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    family.metric.push_back(metric);
    families.push_back(family);
  };
  using prometheus::MetricType;
  uint64_t num_dropped;
  {
    MutexLock lock(&impl_->mutex);
    num_dropped = impl_->num_dropped;
  }
  add("millrace_metrics_series_dropped_total", "Series that are not shown because the process has too many.",
      MetricType::Counter, static_cast<double>(num_dropped));
  ProcessFigures process = ReadProcessFigures();
  add("process_cpu_seconds_total", "User and system CPU time of the process.", MetricType::Counter,
      process.cpu_seconds);
  add("process_resident_memory_bytes", "Resident memory of the process.", MetricType::Gauge, process.resident_bytes);
  add("process_open_fds", "Open file descriptors.", MetricType::Gauge, process.open_files);
  add("process_max_fds", "Limit of open file descriptors.", MetricType::Gauge, process.max_files);
  add("process_start_time_seconds", "When the process started, in seconds since the epoch.", MetricType::Gauge,
      process.start_time_seconds);
  return prometheus::TextSerializer().Serialize(families);
}

// What a scope has to give back.
struct MetricScope::Share {
  enum class Kind { kCounter, kGauge, kHistogram };
  Kind kind;
  std::string name;
  Labels labels;
};

MetricScope::MetricScope(Metrics* metrics, Labels labels) : metrics_(metrics), labels_(std::move(labels)) {}

MetricScope::~MetricScope() {
  if (metrics_ == nullptr) return;
  Metrics::Impl& impl = *metrics_->impl_;
  MutexLock lock(&impl.mutex);
  for (const Share& share : shares_) {
    switch (share.kind) {
      case Share::Kind::kCounter:
        impl.counters.LetGo(share.name, share.labels, &impl.num_series);
        break;
      case Share::Kind::kGauge:
        impl.gauges.LetGo(share.name, share.labels, &impl.num_series);
        break;
      case Share::Kind::kHistogram:
        impl.histograms.LetGo(share.name, share.labels, &impl.num_series);
        break;
    }
  }
}

Labels MetricScope::With(const Labels& labels) const {
  Labels all = labels_;
  all.insert(labels.begin(), labels.end());
  return all;
}

Counter* MetricScope::AddCounter(std::string_view name, std::string_view help, const Labels& labels) {
  static DiscardedCounter nowhere;
  if (metrics_ == nullptr) return &nowhere;
  Labels all = With(labels);
  Counter* held = metrics_->impl_->HoldCounter(name, help, all);
  if (held != &metrics_->impl_->no_counter)
    shares_.push_back({Share::Kind::kCounter, std::string(name), std::move(all)});
  return held;
}
Gauge* MetricScope::AddGauge(std::string_view name, std::string_view help, const Labels& labels) {
  static DiscardedGauge nowhere;
  if (metrics_ == nullptr) return &nowhere;
  Labels all = With(labels);
  Gauge* held = metrics_->impl_->HoldGauge(name, help, all);
  if (held != &metrics_->impl_->no_gauge) shares_.push_back({Share::Kind::kGauge, std::string(name), std::move(all)});
  return held;
}
Histogram* MetricScope::AddHistogram(std::string_view name, std::string_view help, const std::vector<double>& buckets,
                                     const Labels& labels) {
  static DiscardedHistogram nowhere;
  if (metrics_ == nullptr) return &nowhere;
  Labels all = With(labels);
  Histogram* held = metrics_->impl_->HoldHistogram(name, help, buckets, all);
  if (held != &metrics_->impl_->no_histogram)
    shares_.push_back({Share::Kind::kHistogram, std::string(name), std::move(all)});
  return held;
}

}  // namespace millrace
