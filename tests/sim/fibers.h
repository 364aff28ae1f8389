#pragma once

#include <ucontext.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"

namespace millrace::sim {

// A closure under way, on a stack of its own.
struct Fiber;

// Runs closures that may be suspended in the middle and resumed later.
//
// Owns:    the stacks, which it uses again; each ends in a page that nobody may touch.
// Thread:  one, the maker's.
// Blocks:  Run and Resume as long as the closure runs; it goes on when it ends or suspends itself.
class Fibers {
 public:
  Fibers();
  // No closure may be suspended.
  ~Fibers();
  // Null: the closure has ended. Otherwise it has suspended itself.
  Fiber* Run(absl::AnyInvocable<void()> closure);
  // True: the closure has ended. Not from within a closure.
  bool Resume(Fiber* fiber);
  // Within a closure: back to whoever ran or resumed it, until somebody resumes it.
  void Suspend();
  bool running() const { return current_ != nullptr; }

 private:
  static void Enter(unsigned low, unsigned high);
  bool SwitchTo(Fiber* fiber);
  void SwitchBack(Fiber* fiber);

  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> idle_;
  Fiber* current_ = nullptr;
  ucontext_t outside_;
  // What sanitizers know of the thread's own stack.
  const void* outside_stack_ = nullptr;
  size_t outside_stack_bytes_ = 0;
  void* outside_in_tsan_ = nullptr;
};

}  // namespace millrace::sim
