#include "base/failpoint.h"

namespace millrace {

namespace failpoint::internal {

constinit std::atomic<FailpointHandler*> armed = nullptr;

absl::Status Reach(FailpointId id, FailpointSide side, std::string* bytes) {
  FailpointHandler* handler = armed.load(std::memory_order_acquire);
  return handler == nullptr ? absl::OkStatus() : handler->OnPoint(id, side, bytes);
}

}  // namespace failpoint::internal

void ArmFailpoints(FailpointHandler* handler) {
  failpoint::internal::armed.store(handler, std::memory_order_release);
}

}  // namespace millrace
