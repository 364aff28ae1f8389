#include "base/memory_account.h"

#include <algorithm>

#include "base/check.h"

namespace millrace {
namespace {

size_t IndexOf(MemoryKind kind) { return static_cast<size_t>(kind); }

}  // namespace

std::string_view MemoryKindName(MemoryKind kind) {
  switch (kind) {
    case MemoryKind::kBuffers:
      return "buffers";
    case MemoryKind::kFetched:
      return "fetched";
    case MemoryKind::kState:
      return "state";
    case MemoryKind::kSnapshots:
      return "snapshots";
  }
  return "";
}

MemoryAccount::MemoryAccount(MemoryBudget budget, std::shared_ptr<MemoryAccount> parent)
    : budget_(budget), parent_(std::move(parent)) {}

uint64_t MemoryAccount::used(MemoryKind kind) const {
  MutexLock lock(&mutex_);
  return used_[IndexOf(kind)];
}

uint64_t MemoryAccount::peak(MemoryKind kind) const {
  MutexLock lock(&mutex_);
  return peak_[IndexOf(kind)];
}

bool MemoryAccount::IsOverNow(MemoryKind kind) const {
  switch (kind) {
    case MemoryKind::kBuffers:
    case MemoryKind::kFetched:
      return budget_.buffers > 0 &&
             used_[IndexOf(MemoryKind::kBuffers)] + used_[IndexOf(MemoryKind::kFetched)] > budget_.buffers;
    case MemoryKind::kState:
      return budget_.state > 0 && used_[IndexOf(kind)] > budget_.state;
    case MemoryKind::kSnapshots:
      return budget_.snapshots > 0 && used_[IndexOf(kind)] > budget_.snapshots;
  }
  return false;
}

bool MemoryAccount::IsOver(MemoryKind kind) const {
  MutexLock lock(&mutex_);
  return IsOverNow(kind);
}

MemoryAccount::Pressure MemoryAccount::PressureNow() const {
  return {.buffers = IsOverNow(MemoryKind::kBuffers) && used_[IndexOf(MemoryKind::kBuffers)] > 0,
          .snapshots = IsOverNow(MemoryKind::kSnapshots)};
}

MemoryAccount::Hold MemoryAccount::SourceHold() const {
  MutexLock lock(&mutex_);
  Pressure pressure = PressureNow();
  return pressure.buffers ? Hold::kBuffers : pressure.snapshots ? Hold::kSnapshots : Hold::kNone;
}

void MemoryAccount::Watch(std::weak_ptr<Waker> waker) {
  MutexLock lock(&mutex_);
  std::erase_if(watchers_, [](const std::weak_ptr<Waker>& watcher) { return watcher.expired(); });
  watchers_.push_back(std::move(waker));
}

void MemoryAccount::Change(MemoryKind kind, uint64_t from, uint64_t to) {
  if (from == to) return;
  std::vector<std::weak_ptr<Waker>> wake;
  {
    MutexLock lock(&mutex_);
    Pressure before = PressureNow();
    uint64_t& used = used_[IndexOf(kind)];
    Check(used >= from, "memory is given back once");
    used += to - from;
    peak_[IndexOf(kind)] = std::max(peak_[IndexOf(kind)], used);
    if (PressureNow() != before) wake = watchers_;
  }
  // Without the lock: a waker posts to an executor.
  for (const std::weak_ptr<Waker>& watcher : wake) {
    if (std::shared_ptr<Waker> waker = watcher.lock()) waker->Wake();
  }
  if (parent_ != nullptr) parent_->Change(kind, from, to);
}

MemoryHold::MemoryHold(std::shared_ptr<MemoryAccount> account, MemoryKind kind, uint64_t bytes)
    : account_(std::move(account)), kind_(kind) {
  Resize(bytes);
}

MemoryHold& MemoryHold::operator=(MemoryHold&& other) noexcept {
  if (this == &other) return *this;
  Resize(0);
  account_ = std::move(other.account_);
  kind_ = other.kind_;
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

void MemoryHold::Resize(uint64_t bytes) {
  if (account_ != nullptr) account_->Change(kind_, bytes_, bytes);
  bytes_ = bytes;
}

}  // namespace millrace
