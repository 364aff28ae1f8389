#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/failpoint.h"
#include "tests/sim/sim_world.h"

namespace millrace::sim {

enum class PointAction {
  kCrash,    // the process dies there
  kError,    // the action fails with its own code, undone or done
  kDelay,    // it takes longer than every time-out
  kHang,     // it never ends; somebody kills the process after a while
  kCorrupt,  // what is to be written or has been read is damaged
};
std::string_view NameOf(PointAction action);

// A point and who comes to it.
struct PointPlace {
  size_t index = 0;  // in kFailpointActions
  FailpointSide side = FailpointSide::kBefore;
  bool coordinator = false;  // else a worker
  auto operator<=>(const PointPlace&) const = default;
  // "coordinator manifest.put.before"
  std::string ToString() const;
};

// What shall happen when the place is reached for the n-th time, by whichever process of the kind.
struct PointRule {
  PointPlace place;
  uint64_t hit = 1;
  PointAction action = PointAction::kCrash;
  absl::Duration delay = absl::Seconds(30);
};

// As long as one lives, it is the harness that reads, with the program's own code: it comes to no point.
class HarnessReads {
 public:
  HarnessReads() { ++num_; }
  ~HarnessReads() { --num_; }
  HarnessReads(const HarnessReads&) = delete;
  HarnessReads& operator=(const HarnessReads&) = delete;
  static bool now() { return num_ > 0; }

 private:
  static inline int num_ = 0;
};

// Carries rules out in a World, and counts who comes to which point. Armed as long as it lives.
class FailpointInjector final : public FailpointHandler {
 public:
  // What shows bytes at a point, and how often.
  struct Hits {
    uint64_t all = 0;
    uint64_t with_bytes = 0;
  };
  FailpointInjector(World* world, std::vector<PointRule> rules);
  ~FailpointInjector() override;
  absl::Status OnPoint(FailpointId id, FailpointSide side, std::string* bytes) override;
  const std::map<PointPlace, Hits>& hits() const { return hits_; }
  // When the last of the rules was carried out; nothing: not yet.
  const std::optional<absl::Duration>& last_rule_fired() const { return last_rule_fired_; }

 private:
  absl::Status CarryOut(const PointRule& rule, std::string* bytes);

  World* const world_;
  const std::vector<PointRule> rules_;
  std::map<PointPlace, Hits> hits_;
  std::optional<absl::Duration> last_rule_fired_;
};

}  // namespace millrace::sim
