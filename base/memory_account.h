#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/waker.h"

namespace millrace {

// What memory is used for.
enum class MemoryKind {
  kBuffers,    // rows on their way: source batches, exchanges, what sinks have not sealed. Drains when all else stands still
  kFetched,    // what sources have fetched and nobody has polled. Of the budget of buffers, but only a poll drains it
  kState,      // operators' tables
  kSnapshots,  // what is to be written: frozen entries, and files on their way to storage. Drains when all else stands still
};
inline constexpr int kNumMemoryKinds = 4;

// Bytes. 0: no budget.
struct MemoryBudget {
  uint64_t buffers = 0;  // with what was fetched
  uint64_t state = 0;
  uint64_t snapshots = 0;
};

// How much memory is held for what, in one process or a part of it, and whether that is more than the budget for it.
// Nothing is refused: who allocates asks, and slows down or ends.
//
// Memory is charged in lumps, through a MemoryHold: a batch, a frame, a table that has grown; never per row.
//
// Owned:   shared with every hold, which may outlive the process's parts.
// Thread:  any. A leaf: locks nothing else while locked.
class MemoryAccount {
 public:
  // What is charged here is charged to `parent` too, which may be null.
  static std::shared_ptr<MemoryAccount> Make(MemoryBudget budget = {}, std::shared_ptr<MemoryAccount> parent = nullptr) {
    return std::shared_ptr<MemoryAccount>(new MemoryAccount(budget, std::move(parent)));
  }

  uint64_t used(MemoryKind kind) const;
  // The most that was ever used at a time.
  uint64_t peak(MemoryKind kind) const;
  const MemoryBudget& budget() const { return budget_; }
  bool IsOver(MemoryKind kind) const;

  // Why sources are to read nothing now: the kind whose budget is exceeded. Only kinds that drain by themselves hold
  // them back: if all buffers are what was fetched, the next poll is what helps.
  enum class Hold { kNone, kBuffers, kSnapshots };
  Hold SourceHold() const;
  // Sources begin no checkpoint while snapshots are over their budget.
  bool HoldsBarriers() const { return IsOver(MemoryKind::kSnapshots); }
  // Woken whenever one of the answers above changes; until it is gone.
  void Watch(std::weak_ptr<Waker> waker);

 private:
  friend class MemoryHold;
  struct Pressure {
    bool buffers = false;
    bool snapshots = false;
    bool operator==(const Pressure&) const = default;
  };

  MemoryAccount(MemoryBudget budget, std::shared_ptr<MemoryAccount> parent);
  void Change(MemoryKind kind, uint64_t from, uint64_t to);
  Pressure PressureNow() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsOverNow(MemoryKind kind) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const MemoryBudget budget_;
  const std::shared_ptr<MemoryAccount> parent_;

  mutable Mutex mutex_;
  std::array<uint64_t, kNumMemoryKinds> used_ ABSL_GUARDED_BY(mutex_){};
  std::array<uint64_t, kNumMemoryKinds> peak_ ABSL_GUARDED_BY(mutex_){};
  std::vector<std::weak_ptr<Waker>> watchers_ ABSL_GUARDED_BY(mutex_);
};

// Memory that is charged to an account as long as this lives. Without an account it charges nothing.
//
// Thread:  one at a time.
class MemoryHold {
 public:
  MemoryHold() = default;
  MemoryHold(std::shared_ptr<MemoryAccount> account, MemoryKind kind, uint64_t bytes = 0);
  ~MemoryHold() { Resize(0); }
  MemoryHold(MemoryHold&& other) noexcept
      : account_(std::move(other.account_)), kind_(other.kind_), bytes_(std::exchange(other.bytes_, 0)) {}
  MemoryHold& operator=(MemoryHold&& other) noexcept;

  void Resize(uint64_t bytes);
  void Add(uint64_t bytes) { Resize(bytes_ + bytes); }
  uint64_t bytes() const { return bytes_; }

 private:
  std::shared_ptr<MemoryAccount> account_;
  MemoryKind kind_ = MemoryKind::kBuffers;
  uint64_t bytes_ = 0;
};

// "buffers", "fetched", "state", "snapshots".
std::string_view MemoryKindName(MemoryKind kind);

}  // namespace millrace
