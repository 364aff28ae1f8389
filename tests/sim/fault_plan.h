#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "base/random.h"

namespace millrace::sim {

// What can go wrong. Who it happens to, and what is counted as a chance, is said with each.
enum class FaultKind {
  // A process by role, all "workers", all "coordinators"; a chance every FaultPlan::kSlice of virtual time.
  kKill,          // it dies and is started anew after a while
  kFreeze,        // it stops as by SIGSTOP; its peers notice at once
  kSilentFreeze,  // it stops, for longer than any time-out; its peers hear nothing
  // A worker by role; a chance with every deployment.
  kKillRestoring,  // it dies while the deployment begins
  // A process by role; a chance with every closure and call that it runs.
  kStep,  // it dies before the next
  // A process by role; a chance with every call of a store.
  kCrashBefore,  // it dies, nothing was done
  kCrashAfter,   // a write was done, it dies
  kError,        // Unavailable, nothing was done
  kLostAnswer,   // Unavailable, but the write was done
  kLatePut,      // Unavailable, and the write is done later, whatever has become of the process by then
  kRival,        // another writer takes the next versions of a table's log
  kSlowCall,     // it begins very late
  kStall,        // it stands still before or after it does its work, and others go on
  // A store; a chance every slice.
  kStoreDown,  // every call fails
  kStoreFull,  // every put fails
  // A stream's direction, "sender>receiver"; a chance with every message.
  kBreak,     // the stream breaks
  kHalfOpen,  // from now on nothing arrives, and the ends learn of it later, or one of them
  // The same; a chance with every stream that an end closes.
  kLateClose,  // the other end learns of it late
  // A process by role; a chance every slice.
  kCutOff,  // from all others
  // Two processes by role, "a|b" or "a>b"; a chance every slice.
  kCut,       // from each other, while all others see both
  kCutOneWay, // nothing gets from a to b
  kFlap,      // cut and healed, again and again
  kSlowLink,  // messages take very long
  // A client by role; a chance with every connection, if two would take it.
  kStaleRoute,  // it is led to the older
  // A worker by role; a chance with every control stream that it opens.
  kRepeat,  // it says again what it said last on the one before
  // "user"; a chance every slice.
  kStop,    // stops the pipeline, and starts it at another parallelism
  kCancel,  // the same with a cancel
  // "user"; a chance with every request.
  kRequestTwice,  // it arrives a second time, later
  kRequestLate,   // it arrives later, behind others
};
inline constexpr size_t kNumFaultKinds = static_cast<size_t>(FaultKind::kRequestLate) + 1;

// "lost_answer"
std::string_view FaultName(FaultKind kind);
// Nullopt: there is none of this name.
std::optional<FaultKind> FaultOfName(std::string_view name);

// A fault that was taken.
struct Fault {
  std::string id;  // "lost_answer/worker-1/37": kind, who, the how-many-th chance of that kind there
  FaultKind kind;
  absl::Duration at;
  absl::Duration until;  // when it is over, or expected to be
  // Whatever else is to be decided about it: a function of seed and id.
  Random random;
};

// Decides which faults a run takes. Each is a decision of its own: taken or not is a function of the seed, the fault's
// id and the run's chances, not of the scheduler's random numbers, so that a run without one of its faults is the same
// run up to that point, and as near to it as can be afterwards. A run can be repeated with some of its faults only.
class FaultPlan {
 public:
  static constexpr absl::Duration kSlice = absl::Milliseconds(20);

  struct Options {
    uint64_t seed = 1;
    // By kind: how likely each chance is taken.
    std::array<double, kNumFaultKinds> chances{};
    double& chance(FaultKind kind) { return chances[static_cast<size_t>(kind)]; }
    // For what is drawn every slice of time at so many places: it comes about so often. Zero: never.
    void Happens(FaultKind kind, absl::Duration every, double places) {
      chance(kind) = every > absl::ZeroDuration() ? absl::FDivDuration(kSlice, every) / places : 0;
    }
    // If set: these and no others, whatever the chances are.
    std::optional<std::set<std::string>> only;
    std::set<std::string> dropped;
    // Taken whatever the chances are, unless `only` is set.
    std::set<std::string> sure;
  };
  // Every chance of one kind at one place.
  struct Chances {
    FaultKind kind;
    std::string who;
    uint64_t stream = 0;
    uint64_t count = 0;
    double chance = 0;
    std::set<uint64_t> only;  // or sure
    std::set<uint64_t> dropped;
  };

  // `now`: the virtual time, borrowed.
  FaultPlan(Options options, std::function<absl::Duration()> now);
  // Stays valid.
  Chances* At(FaultKind kind, std::string_view who);
  // False: nothing of this kind is ever taken.
  bool MayHappen(FaultKind kind) const { return !stopped_ && may_happen_[static_cast<size_t>(kind)]; }
  // Counts a chance. Null: it is not taken. The answer stays valid.
  Fault* Take(Chances* at) { return MayHappen(at->kind) ? Decide(at) : nullptr; }
  Fault* Take(FaultKind kind, std::string_view who) { return MayHappen(kind) ? Decide(At(kind, who)) : nullptr; }
  // A function of seed, `what` and `n`, for what is no fault: how long it takes to start a process again.
  Random RandomFor(std::string_view what, uint64_t n) const;
  // From now on; not after Stop.
  void SetChance(FaultKind kind, double chance);
  // From now on nothing is taken, and whatever lasts is over.
  void Stop();
  bool stopped() const { return stopped_; }
  // In the order of time.
  const std::deque<Fault>& taken() const { return taken_; }
  // Called with every fault that is taken, before it has any effect.
  void set_on_taken(std::function<void(const Fault&)> on_taken) { on_taken_ = std::move(on_taken); }

 private:
  Fault* Decide(Chances* at);

  Options options_;
  const std::function<absl::Duration()> now_;
  std::function<void(const Fault&)> on_taken_;
  std::array<bool, kNumFaultKinds> may_happen_{};
  std::array<std::map<std::string, Chances, std::less<>>, kNumFaultKinds> chances_;
  std::deque<Fault> taken_;
  bool stopped_ = false;
};

}  // namespace millrace::sim
