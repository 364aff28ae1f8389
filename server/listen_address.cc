#include "server/listen_address.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "base/error.h"

namespace millrace {
namespace {

// The inode of the listening socket in /proc/net/tcp or tcp6; empty if there is none.
std::string ListeningInode(const char* table, int port) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);  // the heading
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
    fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
    size_t colon = local.rfind(':');
    unsigned found = 0;
    if (state != "0A" || colon == std::string::npos) continue;
    if (std::sscanf(local.c_str() + colon + 1, "%x", &found) == 1 && static_cast<int>(found) == port) return inode;
  }
  return "";
}

bool IsNumber(const char* name) { return *name >= '1' && *name <= '9'; }

bool HasDescriptor(const std::string& process, const std::string& target) {
  DIR* directory = opendir((process + "/fd").c_str());
  if (directory == nullptr) return false;
  bool found = false;
  while (dirent* entry = readdir(directory)) {
    char link[64];
    ssize_t size = readlink((process + "/fd/" + entry->d_name).c_str(), link, sizeof(link));
    if (size > 0 && std::string(link, size) == target) found = true;
  }
  closedir(directory);
  return found;
}

// What binding says, for libraries that keep it to themselves.
int BindError(const std::string& bind_to, int port) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(sockaddr_in);
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
  if (inet_pton(AF_INET, bind_to == "localhost" ? "127.0.0.1" : bind_to.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<uint16_t>(port));
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
    if (inet_pton(AF_INET6, bind_to.c_str(), &v6->sin6_addr) != 1) return EADDRNOTAVAIL;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<uint16_t>(port));
    size = sizeof(sockaddr_in6);
  }
  int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  int error = bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 ? 0 : errno;
  close(fd);
  return error;
}

}  // namespace

absl::Status CheckBindAddress(const std::string& bind, bool insecure) {
  in_addr v4;
  in6_addr v6;
  if (bind == "localhost") return absl::OkStatus();
  bool is_v4 = inet_pton(AF_INET, bind.c_str(), &v4) == 1;
  if (!is_v4 && inet_pton(AF_INET6, bind.c_str(), &v6) != 1) {
    return InvalidArgument("bind to ", bind, ": not an IP address; use one such as 127.0.0.1");
  }
  bool loopback = is_v4 ? (ntohl(v4.s_addr) >> 24) == 127 : IN6_IS_ADDR_LOOPBACK(&v6);
  if (loopback || insecure) return absl::OkStatus();
  return InvalidArgument("bind to ", bind, ": other machines can reach this address and TLS is not configured; "
                         "use --bind 127.0.0.1, or --insecure if the network is trusted");
}

std::optional<PortHolder> FindPortHolder(int port) {
  std::string inode = ListeningInode("/proc/net/tcp", port);
  if (inode.empty()) inode = ListeningInode("/proc/net/tcp6", port);
  DIR* proc = inode.empty() ? nullptr : opendir("/proc");
  if (proc == nullptr) return std::nullopt;
  std::optional<PortHolder> holder;
  while (dirent* entry = readdir(proc)) {
    if (holder.has_value() || !IsNumber(entry->d_name)) continue;
    std::string process = std::string("/proc/") + entry->d_name;
    if (!HasDescriptor(process, "socket:[" + inode + "]")) continue;
    holder.emplace();
    holder->pid = std::atoi(entry->d_name);
    std::getline(std::ifstream(process + "/comm"), holder->command);
  }
  closedir(proc);
  return holder;
}

std::string HostPort(const std::string& host, int port) {
  return host.find(':') == std::string::npos ? Cat(host, ":", port) : Cat("[", host, "]:", port);
}

absl::Status CannotListen(const std::string& bind, int port, const std::string& flag) {
  std::string doing = Cat("listen on ", HostPort(bind, port), ": ");
  int error = BindError(bind, port);
  if (error == EADDRNOTAVAIL) {
    return InvalidArgument(doing, "this machine has no such address; use --bind with one of its own, such as 127.0.0.1");
  }
  if (error == EACCES) {
    return InvalidArgument(doing, "this user may not take the port; choose one above 1023 with ", flag, " (0 takes a free one)");
  }
  auto holder = FindPortHolder(port);
  std::string who = holder.has_value() ? Cat("held by pid ", holder->pid, " (", holder->command, ")") : "held by another process";
  return FailedPrecondition(doing, "the port is in use, ", who, "; stop it, or choose another with ", flag, " (0 takes a free one)");
}

}  // namespace millrace
