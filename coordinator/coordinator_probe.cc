#include "coordinator/coordinator_probe.h"

namespace millrace {
namespace {

constexpr char kWorkers[] = "millrace_workers";
constexpr char kWorkersHelp[] = "Workers that are connected.";
constexpr char kSlots[] = "millrace_task_slots";
constexpr char kSlotsHelp[] = "Slots of all connected workers.";

}  // namespace

CoordinatorProbe::CoordinatorProbe(Metrics* metrics)
    : scope_(metrics, {}),
      leader_(scope_.AddGauge("millrace_coordinator_leader", "1 on the coordinator that leads.")),
      leader_changes_(scope_.AddCounter("millrace_coordinator_leader_changes_total",
                                        "Times that this coordinator began or ceased to lead.")),
      workers_alive_(scope_.AddGauge(kWorkers, kWorkersHelp, {{"state", "alive"}})),
      workers_draining_(scope_.AddGauge(kWorkers, kWorkersHelp, {{"state", "draining"}})),
      workers_lost_(scope_.AddCounter("millrace_workers_lost_total",
                                      "Workers whose connection ended or that were silent for too long.")),
      slots_used_(scope_.AddGauge(kSlots, kSlotsHelp, {{"state", "used"}})),
      slots_free_(scope_.AddGauge(kSlots, kSlotsHelp, {{"state", "free"}})) {}

void CoordinatorProbe::Show(const Figures& figures) {
  if (figures.leads != led_) leader_changes_->Add();
  led_ = figures.leads;
  leader_->Set(figures.leads ? 1 : 0);
  workers_alive_->Set(figures.workers_alive);
  workers_draining_->Set(figures.workers_draining);
  slots_used_->Set(figures.slots_used);
  slots_free_->Set(figures.slots - figures.slots_used);
}

}  // namespace millrace
