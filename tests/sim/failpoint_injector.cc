#include "tests/sim/failpoint_injector.h"

#include <utility>

#include "base/error.h"
#include "tests/sim/sim_storage.h"

namespace millrace::sim {
namespace {

// Longer than every time-out: what a hanging process keeps others from, they give up first, or never.
constexpr absl::Duration kHangsUntilKilled = absl::Seconds(45);

}  // namespace

std::string_view NameOf(PointAction action) {
  switch (action) {
    case PointAction::kCrash:
      return "crash";
    case PointAction::kError:
      return "error";
    case PointAction::kDelay:
      return "delay";
    case PointAction::kHang:
      return "hang";
    case PointAction::kCorrupt:
      return "corrupt";
  }
  return "";
}

std::string PointPlace::ToString() const {
  return Cat(coordinator ? "coordinator " : "worker ", kFailpointActions[index].name,
             side == FailpointSide::kBefore ? ".before" : ".after");
}

FailpointInjector::FailpointInjector(World* world, std::vector<PointRule> rules) : world_(world), rules_(std::move(rules)) {
  ArmFailpoints(this);
}

FailpointInjector::~FailpointInjector() { ArmFailpoints(nullptr); }

absl::Status FailpointInjector::OnPoint(FailpointId id, FailpointSide side, std::string* bytes) {
  const Process* process = world_->current_process();
  // Null: it is taken down from outside.
  if (process == nullptr || HarnessReads::now()) return absl::OkStatus();
  if (!process->alive) return Unavailable("the process is dead");
  PointPlace place{id.index(), side, process->name == "coordinator"};
  Hits& hits = hits_[place];
  ++hits.all;
  if (bytes != nullptr && !bytes->empty()) ++hits.with_bytes;
  for (const PointRule& rule : rules_) {
    uint64_t count = rule.action == PointAction::kCorrupt ? hits.with_bytes : hits.all;
    bool fits = rule.place == place && rule.hit == count && (rule.action != PointAction::kCorrupt || bytes != nullptr);
    if (fits) return CarryOut(rule, bytes);
  }
  return absl::OkStatus();
}

absl::Status FailpointInjector::CarryOut(const PointRule& rule, std::string* bytes) {
  if (&rule == &rules_.back()) last_rule_fired_ = world_->now();
  Process* process = world_->current_process();
  // Who hangs may be let go when this injector is gone.
  const std::string where = rule.place.ToString();
  world_->Trace(Cat(NameOf(rule.action), " at ", where));
  switch (rule.action) {
    case PointAction::kError:
      return absl::Status(kFailpointActions[rule.place.index].error, Cat("a planned failure at ", where));
    case PointAction::kCorrupt: {
      // A place that is as good as random, and the same in every run.
      char& damaged = (*bytes)[(bytes->size() / 2 + rule.hit * 7919) % bytes->size()];
      damaged = static_cast<char>(damaged ^ 0x40);
      return absl::OkStatus();
    }
    case PointAction::kDelay:
      return world_->Sleep(rule.delay) ? absl::OkStatus() : Unavailable("the process has died meanwhile");
    case PointAction::kHang:
      world_->After(kHangsUntilKilled, nullptr, [process] {
        if (process->alive) process->doom->doomed = true;
      });
      break;
    case PointAction::kCrash:
      process->doom->doomed = true;
      break;
  }
  world_->Sleep(absl::InfiniteDuration());
  return Unavailable("the process has died at ", where);
}

}  // namespace millrace::sim
