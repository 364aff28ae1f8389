#pragma once

#include <array>
#include <functional>
#include <memory>
#include <set>

#include "base/memory_account.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "worker/deployment_probe.h"

namespace millrace {

// Shows what a worker sends, receives and holds, and collects its deployments' figures at every scrape.
//
// Owns:    its series. Borrows the metrics, which may be null.
// Thread:  any.
class WorkerProbe {
 public:
  // Without an account, no memory is shown by kind.
  explicit WorkerProbe(Metrics* metrics, std::shared_ptr<MemoryAccount> memory = nullptr);
  ~WorkerProbe();

  void FrameSent(size_t bytes) { sent_bytes_->Add(static_cast<double>(bytes)); }
  void FrameReceived(size_t bytes) { received_bytes_->Add(static_cast<double>(bytes)); }
  // Until Detach, which waits while it is being collected.
  void Attach(DeploymentProbe* deployment);
  void Detach(DeploymentProbe* deployment);

 private:
  void Collect();

  MetricScope scope_;
  Counter* const sent_bytes_;
  Counter* const received_bytes_;
  Gauge* const buffers_used_;
  Gauge* const buffers_capacity_;
  const std::shared_ptr<MemoryAccount> memory_;
  std::array<Gauge*, kNumMemoryKinds> used_memory_{};
  std::array<Gauge*, kNumMemoryKinds> peak_memory_{};
  Gauge* const batch_memory_;
  Gauge* const total_memory_;
  Gauge* const total_limit_;

  Mutex mutex_;
  std::set<DeploymentProbe*> deployments_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<void> collecting_;
};

}  // namespace millrace
