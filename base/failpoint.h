#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "base/failpoint_list.h"

namespace millrace {

enum class FailpointSide : uint8_t { kBefore, kAfter };

// An action of kFailpointActions, by its name. A name that is not in that list does not compile.
class FailpointId {
 public:
  consteval FailpointId(const char* name) : index_(Find(name)) {}  // NOLINT: written as a plain string
  static constexpr FailpointId FromIndex(size_t index) { return FailpointId(index); }
  constexpr size_t index() const { return index_; }
  const FailpointAction& action() const { return kFailpointActions[index_]; }

 private:
  explicit constexpr FailpointId(size_t index) : index_(index) {}
  static void IsNotInFailpointList();
  static consteval size_t Find(std::string_view name) {
    for (size_t i = 0; i < std::size(kFailpointActions); ++i) {
      if (kFailpointActions[i].name == name) return i;
    }
    IsNotInFailpointList();
    return 0;
  }

  size_t index_;
};

// What happens at points. Only tests have one.
//
// Thread:  any that comes to a point.
// Blocks:  as long as it likes: a point may delay its caller or hang. No point stands under a lock.
class FailpointHandler {
 public:
  virtual ~FailpointHandler() = default;
  // OK: go on. Otherwise the action fails with this, done or not. `bytes`, if there are any: what is about to be
  // written or has just been read, which the handler may damage.
  virtual absl::Status OnPoint(FailpointId id, FailpointSide side, std::string* bytes) = 0;
};

// From now on points ask this handler, which is borrowed; nullptr: nothing happens at them. Called by tests only
// (tests/build/check_failpoints.py), while no other thread is at a point.
void ArmFailpoints(FailpointHandler* handler);

namespace failpoint {

namespace internal {
extern constinit std::atomic<FailpointHandler*> armed;
absl::Status Reach(FailpointId id, FailpointSide side, std::string* bytes);
inline bool IsArmed() { return armed.load(std::memory_order_relaxed) != nullptr; }
}  // namespace internal

// Stand in front of an action and behind it: OK, or what the caller would be told if it failed. One load and one branch
// when nothing is armed.
inline absl::Status Before(FailpointId id, std::string* bytes = nullptr) {
  if (!internal::IsArmed()) [[likely]] return absl::OkStatus();
  return internal::Reach(id, FailpointSide::kBefore, bytes);
}
inline absl::Status After(FailpointId id, std::string* bytes = nullptr) {
  if (!internal::IsArmed()) [[likely]] return absl::OkStatus();
  return internal::Reach(id, FailpointSide::kAfter, bytes);
}

// Does an action that returns a Status, a StatusOr or nothing, between its two points. What goes wrong at one of them
// is what the action returns; an action that returns nothing cannot fail. `written`: the bytes that it writes; those
// that it reads are its StatusOr<std::string>.
template <typename Action>
auto Around(FailpointId id, Action&& action, std::string* written = nullptr) -> std::invoke_result_t<Action> {
  using Result = std::invoke_result_t<Action>;
  if (!internal::IsArmed()) [[likely]] return std::forward<Action>(action)();
  absl::Status before = internal::Reach(id, FailpointSide::kBefore, written);
  if constexpr (std::is_void_v<Result>) {
    std::forward<Action>(action)();
    internal::Reach(id, FailpointSide::kAfter, nullptr).IgnoreError();
  } else {
    if (!before.ok()) return before;
    Result result = std::forward<Action>(action)();
    std::string* read = nullptr;
    if constexpr (std::is_same_v<Result, absl::StatusOr<std::string>>) read = result.ok() ? &*result : nullptr;
    absl::Status after = internal::Reach(id, FailpointSide::kAfter, read);
    if (!after.ok()) return after;
    return result;
  }
}

}  // namespace failpoint
}  // namespace millrace
