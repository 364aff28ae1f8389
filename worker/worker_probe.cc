#include "worker/worker_probe.h"

#include <arrow/memory_pool.h>

#include "base/metrics_process.h"

namespace millrace {
namespace {

constexpr char kBytes[] = "millrace_exchange_bytes_total";
constexpr char kBytesHelp[] = "Bytes of frames sent to and received from other workers.";
constexpr char kBuffers[] = "millrace_exchange_buffer_bytes";
constexpr char kBuffersHelp[] = "Bytes in the queues of exchanges that end here, and how many fit.";
constexpr char kUsed[] = "millrace_memory_used_bytes";
constexpr char kUsedHelp[] =
    "Memory in use: buffers, what sources have fetched, operators' state, snapshots on their way; Arrow's buffers, wherever "
    "they are counted; the process.";
constexpr char kPeak[] = "millrace_memory_peak_bytes";
constexpr char kPeakHelp[] = "The most that a kind of memory has held at a time since the process began.";
constexpr char kLimit[] = "millrace_memory_limit_bytes";
constexpr char kLimitHelp[] =
    "Budgets: of buffers with what was fetched, of state, of snapshots; and what the process may use before the kernel ends it.";

}  // namespace

WorkerProbe::WorkerProbe(Metrics* metrics, std::shared_ptr<MemoryAccount> memory)
    : scope_(metrics, {}),
      sent_bytes_(scope_.AddCounter(kBytes, kBytesHelp, {{"direction", "sent"}})),
      received_bytes_(scope_.AddCounter(kBytes, kBytesHelp, {{"direction", "received"}})),
      buffers_used_(scope_.AddGauge(kBuffers, kBuffersHelp, {{"state", "used"}})),
      buffers_capacity_(scope_.AddGauge(kBuffers, kBuffersHelp, {{"state", "capacity"}})),
      memory_(std::move(memory)),
      batch_memory_(scope_.AddGauge(kUsed, kUsedHelp, {{"pool", "batch"}})),
      total_memory_(scope_.AddGauge(kUsed, kUsedHelp, {{"pool", "total"}})),
      total_limit_(scope_.AddGauge(kLimit, kLimitHelp, {{"pool", "total"}})),
      collecting_(metrics == nullptr ? nullptr : metrics->BeforeText([this] { Collect(); })) {
  if (memory_ == nullptr) return;
  for (int kind = 0; kind < kNumMemoryKinds; ++kind) {
    const Labels labels = {{"pool", std::string(MemoryKindName(static_cast<MemoryKind>(kind)))}};
    used_memory_[kind] = scope_.AddGauge(kUsed, kUsedHelp, labels);
    peak_memory_[kind] = scope_.AddGauge(kPeak, kPeakHelp, labels);
  }
  const MemoryBudget& budget = memory_->budget();
  for (auto [pool, bytes] :
       {std::pair("buffers", budget.buffers), std::pair("state", budget.state), std::pair("snapshots", budget.snapshots)}) {
    if (bytes > 0) scope_.AddGauge(kLimit, kLimitHelp, {{"pool", pool}})->Set(static_cast<double>(bytes));
  }
}

WorkerProbe::~WorkerProbe() { collecting_ = nullptr; }

void WorkerProbe::Attach(DeploymentProbe* deployment) {
  MutexLock lock(&mutex_);
  deployments_.insert(deployment);
}

void WorkerProbe::Detach(DeploymentProbe* deployment) {
  MutexLock lock(&mutex_);
  deployments_.erase(deployment);
}

void WorkerProbe::Collect() {
  DeploymentProbe::Held sum;
  {
    MutexLock lock(&mutex_);
    for (DeploymentProbe* deployment : deployments_) {
      DeploymentProbe::Held held = deployment->Collect();
      sum.queued_bytes += held.queued_bytes;
      sum.queue_limit_bytes += held.queue_limit_bytes;
    }
  }
  buffers_used_->Set(static_cast<double>(sum.queued_bytes));
  buffers_capacity_->Set(static_cast<double>(sum.queue_limit_bytes));
  for (int kind = 0; kind < kNumMemoryKinds && memory_ != nullptr; ++kind) {
    used_memory_[kind]->Set(static_cast<double>(memory_->used(static_cast<MemoryKind>(kind))));
    peak_memory_[kind]->Set(static_cast<double>(memory_->peak(static_cast<MemoryKind>(kind))));
  }
  batch_memory_->Set(static_cast<double>(arrow::default_memory_pool()->bytes_allocated()));
  ProcessFigures process = ReadProcessFigures();
  total_memory_->Set(process.resident_bytes);
  total_limit_->Set(process.memory_limit_bytes);
}

}  // namespace millrace
