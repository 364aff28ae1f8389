#include "tests/sim/fibers.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "base/check.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace millrace::sim {

struct Fiber {
  absl::AnyInvocable<void()> closure;
  bool ended = false;
  ucontext_t context;
  char* mapping = nullptr;  // a page that nobody may touch, then the stack
  size_t mapping_bytes = 0;
  char* stack = nullptr;
  size_t stack_bytes = 0;
  void* fake_stack = nullptr;  // ASan's, while it is suspended
  void* in_tsan = nullptr;
};

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kStackBytes = 2 << 20;  // frames are several times as large
#else
constexpr size_t kStackBytes = 256 << 10;
#endif

void MakeStack(Fiber* fiber) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  fiber->mapping_bytes = kStackBytes + page;
  void* mapping = mmap(nullptr, fiber->mapping_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  Check(mapping != MAP_FAILED, "a fiber has a stack");
  Check(mprotect(mapping, page, PROT_NONE) == 0, "a fiber's stack has a guard page");
  fiber->mapping = static_cast<char*>(mapping);
  fiber->stack = fiber->mapping + page;
  fiber->stack_bytes = kStackBytes;
}

// Told to the sanitizers around every switch: where the stack goes, and where it came from.
void BeginSwitch([[maybe_unused]] void** fake_stack, [[maybe_unused]] const void* stack, [[maybe_unused]] size_t bytes,
                 [[maybe_unused]] void* in_tsan) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(fake_stack, stack, bytes);
#endif
#if defined(__SANITIZE_THREAD__)
  __tsan_switch_to_fiber(in_tsan, 0);
#endif
}

void EndSwitch([[maybe_unused]] void* fake_stack, [[maybe_unused]] const void** stack, [[maybe_unused]] size_t* bytes) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fake_stack, stack, bytes);
#endif
}

}  // namespace

Fibers::Fibers() {
#if defined(__SANITIZE_THREAD__)
  outside_in_tsan_ = __tsan_get_current_fiber();
#endif
}

Fibers::~Fibers() {
  Check(current_ == nullptr && idle_.size() == fibers_.size(), "no fiber is suspended for ever");
  for (auto& fiber : fibers_) {
#if defined(__SANITIZE_THREAD__)
    __tsan_destroy_fiber(fiber->in_tsan);
#endif
    munmap(fiber->mapping, fiber->mapping_bytes);
  }
}

void Fibers::Enter(unsigned low, unsigned high) {
  // makecontext hands on ints only.
  auto* fibers = reinterpret_cast<Fibers*>(static_cast<uintptr_t>(low) | static_cast<uintptr_t>(high) << 32);
  EndSwitch(nullptr, &fibers->outside_stack_, &fibers->outside_stack_bytes_);
  Fiber* self = fibers->current_;
  while (true) {
    self->closure();
    self->closure = nullptr;
    self->ended = true;
    fibers->SwitchBack(self);
  }
}

Fiber* Fibers::Run(absl::AnyInvocable<void()> closure) {
  Check(current_ == nullptr, "fibers do not nest");
  if (idle_.empty()) {
    Fiber* made = fibers_.emplace_back(std::make_unique<Fiber>()).get();
    MakeStack(made);
#if defined(__SANITIZE_THREAD__)
    made->in_tsan = __tsan_create_fiber(0);
#endif
    Check(getcontext(&made->context) == 0, "a context can be taken");
    made->context.uc_stack.ss_sp = made->stack;
    made->context.uc_stack.ss_size = made->stack_bytes;
    made->context.uc_link = nullptr;
    const auto self = reinterpret_cast<uintptr_t>(this);
    makecontext(&made->context, reinterpret_cast<void (*)()>(&Fibers::Enter), 2, static_cast<unsigned>(self),
                static_cast<unsigned>(self >> 32));
    idle_.push_back(made);
  }
  Fiber* fiber = idle_.back();
  idle_.pop_back();
  fiber->closure = std::move(closure);
  fiber->ended = false;
  return SwitchTo(fiber) ? nullptr : fiber;
}

bool Fibers::Resume(Fiber* fiber) {
  Check(current_ == nullptr, "fibers do not nest");
  return SwitchTo(fiber);
}

bool Fibers::SwitchTo(Fiber* fiber) {
  current_ = fiber;
  void* fake_stack = nullptr;
  BeginSwitch(&fake_stack, fiber->stack, fiber->stack_bytes, fiber->in_tsan);
  swapcontext(&outside_, &fiber->context);
  EndSwitch(fake_stack, nullptr, nullptr);
  current_ = nullptr;
  if (fiber->ended) idle_.push_back(fiber);
  return fiber->ended;
}

void Fibers::SwitchBack(Fiber* fiber) {
  BeginSwitch(&fiber->fake_stack, outside_stack_, outside_stack_bytes_, outside_in_tsan_);
  swapcontext(&fiber->context, &outside_);
  EndSwitch(fiber->fake_stack, &outside_stack_, &outside_stack_bytes_);
}

void Fibers::Suspend() {
  Check(current_ != nullptr, "only a closure on a fiber can be suspended");
  SwitchBack(current_);
}

}  // namespace millrace::sim
