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

// Says who holds the port and which flag to change.
absl::Status PortInUse(const std::string& bind, int port, const std::string& flag);

}  // namespace millrace
