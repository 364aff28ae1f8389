#pragma once

#include "base/metrics.h"

namespace millrace {

// Shows leadership, workers and slots. Thread: the coordinator's executor. Borrows the metrics, which may be null.
class CoordinatorProbe {
 public:
  struct Figures {
    bool leads = false;
    double workers_alive = 0;
    double workers_draining = 0;
    double slots = 0;
    double slots_used = 0;
  };
  explicit CoordinatorProbe(Metrics* metrics);
  void Show(const Figures& figures);
  void WorkerLost() { workers_lost_->Add(); }

 private:
  MetricScope scope_;
  Gauge* const leader_;
  Counter* const leader_changes_;
  Gauge* const workers_alive_;
  Gauge* const workers_draining_;
  Counter* const workers_lost_;
  Gauge* const slots_used_;
  Gauge* const slots_free_;
  bool led_ = false;
};

}  // namespace millrace
