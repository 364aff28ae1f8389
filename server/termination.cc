#include "server/termination.h"

#include <csignal>
#include <ctime>

namespace millrace {
namespace {

sigset_t TerminationSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void BlockTerminationSignals() {
  sigset_t signals = TerminationSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void WaitForTermination(absl::FunctionRef<void()> tend) {
  sigset_t signals = TerminationSignals();
  timespec second{1, 0};
  while (sigtimedwait(&signals, nullptr, &second) < 0) tend();
}

}  // namespace millrace
