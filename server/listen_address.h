#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"

namespace millrace {

// Refuses an address that other machines can reach, unless `insecure`: nothing here speaks TLS yet.
absl::Status CheckBindAddress(const std::string& bind, bool insecure);

// The process that listens on a TCP port of this machine, if this process may see it.
struct PortHolder {
  int pid = 0;
  std::string command;
};
std::optional<PortHolder> FindPortHolder(int port);

// 127.0.0.1:7070, [::1]:7070.
std::string HostPort(const std::string& host, int port);

// Why binding has just failed and which flag to change: FailedPrecondition that names who holds the port if it is in
// use, InvalidArgument if this machine has no such address or this user may not take the port.
absl::Status CannotListen(const std::string& bind, int port, const std::string& flag);

}  // namespace millrace
