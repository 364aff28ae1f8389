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
    "Memory in use: operators' state, queues of exchanges, Arrow buffers (both of these included), the process.";
constexpr char kLimit[] = "millrace_memory_limit_bytes";
constexpr char kLimitHelp[] = "Limit of a pool of memory, where there is one.";

}  // namespace

WorkerProbe::WorkerProbe(Metrics* metrics)
    : scope_(metrics, {}),
      sent_bytes_(scope_.AddCounter(kBytes, kBytesHelp, {{"direction", "sent"}})),
      received_bytes_(scope_.AddCounter(kBytes, kBytesHelp, {{"direction", "received"}})),
      buffers_used_(scope_.AddGauge(kBuffers, kBuffersHelp, {{"state", "used"}})),
      buffers_capacity_(scope_.AddGauge(kBuffers, kBuffersHelp, {{"state", "capacity"}})),
      state_memory_(scope_.AddGauge(kUsed, kUsedHelp, {{"pool", "state"}})),
      exchange_memory_(scope_.AddGauge(kUsed, kUsedHelp, {{"pool", "exchange"}})),
      exchange_limit_(scope_.AddGauge(kLimit, kLimitHelp, {{"pool", "exchange"}})),
      batch_memory_(scope_.AddGauge(kUsed, kUsedHelp, {{"pool", "batch"}})),
      total_memory_(scope_.AddGauge(kUsed, kUsedHelp, {{"pool", "total"}})),
      total_limit_(scope_.AddGauge(kLimit, kLimitHelp, {{"pool", "total"}})),
      collecting_(metrics == nullptr ? nullptr : metrics->BeforeText([this] { Collect(); })) {}

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
      sum.state_bytes += held.state_bytes;
      sum.queued_bytes += held.queued_bytes;
      sum.queue_limit_bytes += held.queue_limit_bytes;
    }
  }
  buffers_used_->Set(static_cast<double>(sum.queued_bytes));
  buffers_capacity_->Set(static_cast<double>(sum.queue_limit_bytes));
  state_memory_->Set(static_cast<double>(sum.state_bytes));
  exchange_memory_->Set(static_cast<double>(sum.queued_bytes));
  exchange_limit_->Set(static_cast<double>(sum.queue_limit_bytes));
  batch_memory_->Set(static_cast<double>(arrow::default_memory_pool()->bytes_allocated()));
  ProcessFigures process = ReadProcessFigures();
  total_memory_->Set(process.resident_bytes);
  total_limit_->Set(process.memory_limit_bytes);
}

}  // namespace millrace
