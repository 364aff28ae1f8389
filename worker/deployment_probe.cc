#include "worker/deployment_probe.h"

#include <algorithm>
#include <optional>

namespace millrace {
namespace {

// A ratio over less time says nothing.
constexpr absl::Duration kLeastRatioTime = absl::Milliseconds(500);

double Seconds(absl::Duration duration) { return absl::ToDoubleSeconds(duration); }
double Difference(uint64_t now, uint64_t before) { return static_cast<double>(now - before); }

}  // namespace

struct DeploymentProbe::OperatorSeries {
  Counter* records_in;
  Counter* records_out;
  Counter* bytes_in;
  Counter* bytes_out;
  Counter* busy;
  Counter* idle;
  Counter* backpressured;
  Gauge* busy_max;
  Gauge* queue_bytes;
  Gauge* watermark = nullptr;
  Gauge* watermark_skew = nullptr;
  Counter* late = nullptr;
  Counter* late_dead_letters = nullptr;
  Counter* failed_dead_letters = nullptr;
  Gauge* open_windows = nullptr;
  Gauge* state_bytes = nullptr;
  Gauge* state_keys = nullptr;
  Gauge* uncommitted_bytes = nullptr;

  // Gathered from all subtasks before it is shown.
  struct Sum {
    std::optional<EventTimeMicros> watermark;
    std::optional<int64_t> skew_micros;
    OperatorFigures held;
    uint64_t uncommitted_bytes = 0;
    uint64_t queue_bytes = 0;
    double busy_max = 0;
    bool busy_is_known = false;
  } sum;
};

struct DeploymentProbe::SourceSeries {
  Gauge* lag = nullptr;
  Gauge* lag_max = nullptr;
  Gauge* lag_seconds = nullptr;
  Gauge* assigned = nullptr;
  Gauge* idle = nullptr;
};

DeploymentProbe::DeploymentProbe(Metrics* metrics, const Clock* clock, const internal::v1::Deploy& plan)
    : clock_(clock),
      metrics_(metrics),
      pipeline_(plan.pipeline()),
      scope_(metrics, {{"pipeline", plan.pipeline()}}),
      stalled_seconds_(scope_.AddCounter("millrace_exchange_stalled_seconds_total",
                                         "Time of subtasks that had no credit to send.")) {
  for (const auto& stage : plan.plan().stages()) {
    for (const auto& node : stage.nodes()) {
      if (node.has_window_aggregate()) side_is_read_.try_emplace(node.uid(), false);
      for (const auto& input : node.inputs()) {
        if (input.has_from_uid() && input.output() == 1) side_is_read_[input.from_uid()] = true;
      }
    }
  }
  for (const auto& exchange : plan.plan().exchanges()) {
    if (exchange.from_output() == 1) side_is_read_[exchange.from_uid()] = true;
  }
}

DeploymentProbe::~DeploymentProbe() { Collect(); }

std::shared_ptr<SubtaskProbe> DeploymentProbe::AddSubtask(const internal::v1::Stage& stage) {
  auto probe = std::make_shared<SubtaskProbe>(metrics_, pipeline_, stage, clock_);
  MutexLock lock(&mutex_);
  Measured& measured = subtasks_.emplace_back();
  for (const auto& node : stage.nodes()) {
    measured.uids.push_back(node.uid());
    OperatorSeries& series = SeriesOf(node.uid());
    const Labels labels = {{"operator", node.uid()}};
    if (node.has_window_aggregate() && series.late == nullptr) {
      bool is_kept = side_is_read_.at(node.uid());
      series.late =
          scope_.AddCounter("millrace_operator_late_records_total", "Rows that came after their window had fired.",
                            {{"operator", node.uid()}, {"action", is_kept ? "dead_letter" : "dropped"}});
      if (is_kept) {
        series.late_dead_letters = scope_.AddCounter("millrace_dead_letter_records_total",
                                                     "Records that were set aside.", {{"reason", "late"}});
      }
      series.open_windows =
          scope_.AddGauge("millrace_operator_open_windows", "Windows that hold rows and have not fired.", labels);
    }
    const bool evaluates = node.has_filter() || node.has_project();
    if (evaluates && side_is_read_.contains(node.uid()) && series.failed_dead_letters == nullptr) {
      series.failed_dead_letters = scope_.AddCounter("millrace_dead_letter_records_total",
                                                     "Records that were set aside.", {{"reason", "expression"}});
    }
    if (!node.state_fingerprint().empty() && series.state_bytes == nullptr) {
      series.state_bytes =
          scope_.AddGauge("millrace_state_size_bytes", "Memory that an operator's state takes, roughly.", labels);
      series.state_keys = scope_.AddGauge("millrace_state_keys",
                                          "Entries of an operator's state; a key counts once per window.", labels);
    }
    if (node.has_sink() && series.uncommitted_bytes == nullptr) {
      series.uncommitted_bytes = scope_.AddGauge("millrace_sink_uncommitted_bytes",
                                                 "Rows that a sink took and whose epoch is not complete, as in memory.",
                                                 {{"sink", node.uid()}});
    }
  }
  measured.shown.resize(measured.uids.size());
  measured.shown_at = clock_->Monotonic();
  measured.probe = probe;
  return probe;
}

void DeploymentProbe::AddChannel(const std::string& reader_uid, std::shared_ptr<const Channel> channel) {
  MutexLock lock(&mutex_);
  channels_.emplace_back(reader_uid, std::move(channel));
}

DeploymentProbe::OperatorSeries& DeploymentProbe::SeriesOf(const std::string& uid) {
  auto& series = operators_[uid];
  if (series != nullptr) return *series;
  series = std::make_unique<OperatorSeries>();
  const Labels labels = {{"operator", uid}};
  auto time = [&](const char* state) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return scope_.AddCounter(
        "millrace_operator_time_seconds_total",
        "Time of an operator's subtasks; idle is also when their thread works for other operators.",
        {{"operator", uid}, {"state", state}});
  };
  series->records_in =
      scope_.AddCounter("millrace_operator_records_in_total", "Records that came into an operator.", labels);
  series->records_out = scope_.AddCounter("millrace_operator_records_out_total",
                                          "Records that an operator handed on, on all outputs.", labels);
  series->bytes_in =
      scope_.AddCounter("millrace_operator_bytes_in_total", "Bytes of values that came into an operator.", labels);
  series->bytes_out =
      scope_.AddCounter("millrace_operator_bytes_out_total", "Bytes of values that an operator handed on.", labels);
  series->busy = time("busy");
  series->idle = time("idle");
  series->backpressured = time("backpressured");
  series->busy_max =
      scope_.AddGauge("millrace_operator_subtask_busy_max_ratio",
                      "Share of its time that the busiest subtask worked, since the last scrape.", labels);
  series->queue_bytes =
      scope_.AddGauge("millrace_operator_input_queue_bytes", "Bytes that wait in front of an operator.", labels);
  return *series;
}

DeploymentProbe::Held DeploymentProbe::Collect() {
  MutexLock lock(&mutex_);
  Held held;
  for (auto& [uid, series] : operators_) series->sum = {};
  absl::Duration now = clock_->Monotonic();
  for (Measured& subtask : subtasks_) {
    std::vector<ChainNodeFigures> figures = subtask.probe->chain().figures();
    absl::Duration elapsed = now - subtask.shown_at;
    for (size_t i = 0; i < figures.size(); ++i) {
      const ChainNodeFigures& is = figures[i];
      const ChainNodeFigures& was = subtask.shown[i];
      OperatorSeries& series = *operators_.at(subtask.uids[i]);
      series.records_in->Add(Difference(is.records_in, was.records_in));
      series.records_out->Add(Difference(is.records_out, was.records_out));
      series.bytes_in->Add(Difference(is.bytes_in, was.bytes_in));
      series.bytes_out->Add(Difference(is.bytes_out, was.bytes_out));
      series.busy->Add(Seconds(is.busy - was.busy));
      series.idle->Add(Seconds(std::max(absl::ZeroDuration(), is.idle - was.idle)));
      series.backpressured->Add(Seconds(is.backpressured - was.backpressured));
      if (series.late != nullptr) series.late->Add(Difference(is.late_records, was.late_records));
      if (series.late_dead_letters != nullptr)
        series.late_dead_letters->Add(Difference(is.late_records, was.late_records));
      if (series.failed_dead_letters != nullptr)
        series.failed_dead_letters->Add(Difference(is.failed_records, was.failed_records));
      auto& sum = series.sum;
      if (is.watermark != kNoWatermark) sum.watermark = std::min(sum.watermark.value_or(is.watermark), is.watermark);
      if (is.input_skew_micros.has_value()) {
        sum.skew_micros = std::max(sum.skew_micros.value_or(0), *is.input_skew_micros);
      }
      sum.held.num_windows += is.held.num_windows;
      sum.held.num_keys += is.held.num_keys;
      sum.held.num_bytes += is.held.num_bytes;
      sum.uncommitted_bytes += is.uncommitted_bytes;
      if (elapsed >= kLeastRatioTime) {
        sum.busy_is_known = true;
        sum.busy_max = std::max(sum.busy_max, std::min(1.0, Seconds(is.busy - was.busy) / Seconds(elapsed)));
      }
    }
    if (!figures.empty()) stalled_seconds_->Add(Seconds(figures[0].backpressured - subtask.shown[0].backpressured));
    subtask.shown = std::move(figures);
    if (elapsed >= kLeastRatioTime) subtask.shown_at = now;
  }
  for (const auto& [uid, channel] : channels_) {
    uint64_t bytes = channel->queued_bytes();
    if (auto found = operators_.find(uid); found != operators_.end()) found->second->sum.queue_bytes += bytes;
    held.queued_bytes += bytes;
    held.queue_limit_bytes += channel->limit_bytes();
  }
  for (auto& [uid, series] : operators_) {
    const auto& sum = series->sum;
    series->queue_bytes->Set(static_cast<double>(sum.queue_bytes));
    if (sum.busy_is_known) series->busy_max->Set(sum.busy_max);
    if (series->open_windows != nullptr) series->open_windows->Set(static_cast<double>(sum.held.num_windows));
    if (series->state_bytes != nullptr) {
      series->state_bytes->Set(static_cast<double>(sum.held.num_bytes));
      series->state_keys->Set(static_cast<double>(sum.held.num_keys));
    }
    if (series->uncommitted_bytes != nullptr)
      series->uncommitted_bytes->Set(static_cast<double>(sum.uncommitted_bytes));
    if (sum.skew_micros.has_value() && series->watermark_skew == nullptr) {
      series->watermark_skew =
          scope_.AddGauge("millrace_operator_watermark_skew_seconds",
                          "Between the highest and the lowest watermark of a subtask's inputs, of the subtask where it is largest.",
                          {{"operator", uid}});
    }
    if (series->watermark_skew != nullptr) {
      series->watermark_skew->Set(static_cast<double>(sum.skew_micros.value_or(0)) * 1e-6);
    }
    // The final watermark is no time.
    if (!sum.watermark.has_value() || *sum.watermark == kFinalWatermark) continue;
    if (series->watermark == nullptr) {
      series->watermark = scope_.AddGauge("millrace_operator_watermark_timestamp_seconds",
                                          "Lowest watermark that an operator has sent.", {{"operator", uid}});
    }
    series->watermark->Set(static_cast<double>(*sum.watermark) * 1e-6);
  }
  ShowSources();
  return held;
}

void DeploymentProbe::ShowSources() {
  std::map<std::pair<std::string, std::string>, SourceFigures::Topic> topics;
  std::map<std::string, std::pair<double, double>> partitions;
  const absl::Time now = clock_->Now();
  for (const Measured& subtask : subtasks_) {
    SourceFigures figures = subtask.probe->source_figures();
    if (!figures.is_source) continue;
    auto& [assigned, idle] = partitions[subtask.uids[0]];
    assigned += static_cast<double>(figures.num_splits);
    idle += static_cast<double>(figures.num_idle);
    for (const auto& [name, topic] : figures.topics) {
      auto [at, is_new] = topics.try_emplace({subtask.uids[0], name}, topic);
      if (!is_new) at->second.Add(topic);
    }
  }
  for (const auto& [uid, counts] : partitions) {
    auto& series = sources_[{uid, ""}];
    if (series == nullptr) {
      series = std::make_unique<SourceSeries>();
      constexpr char kName[] = "millrace_source_partitions";
      constexpr char kHelp[] = "Partitions that are read: all that are assigned, and those of them that are idle.";
      series->assigned = scope_.AddGauge(kName, kHelp, {{"source", uid}, {"state", "assigned"}});
      series->idle = scope_.AddGauge(kName, kHelp, {{"source", uid}, {"state", "idle"}});
    }
    series->assigned->Set(counts.first);
    series->idle->Set(counts.second);
  }
  for (const auto& [key, topic] : topics) {
    if (!topic.lag_is_known) continue;
    auto& series = sources_[key];
    const Labels labels = {{"source", key.first}, {"topic", key.second}};
    if (series == nullptr) {
      series = std::make_unique<SourceSeries>();
      series->lag = scope_.AddGauge("millrace_source_lag_records",
                                    "Records between the readers and the ends of their partitions.", labels);
      series->lag_max = scope_.AddGauge("millrace_source_lag_max_records",
                                        "The same, of the partition that is furthest behind.", labels);
    }
    series->lag->Set(static_cast<double>(topic.lag));
    series->lag_max->Set(static_cast<double>(topic.lag_max));
    if (topic.lag > 0 && topic.oldest_record_ms < 0) continue;  // the broker did not say
    if (series->lag_seconds == nullptr) {
      series->lag_seconds = scope_.AddGauge(
          "millrace_source_lag_seconds",
          "Age, by the broker's time, of the record read last on the partition that is furthest behind; 0: none is.",
          labels);
    }
    absl::Duration age = topic.lag > 0 ? now - absl::FromUnixMillis(topic.oldest_record_ms) : absl::ZeroDuration();
    series->lag_seconds->Set(std::max(0.0, Seconds(age)));
  }
}

}  // namespace millrace
