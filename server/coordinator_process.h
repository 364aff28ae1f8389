#pragma once

#include <string>

#include "base/log.h"

namespace millrace {

// Flags of `millrace coordinator`. A port of 0 takes a free one, which is printed.
struct CoordinatorFlags {
  std::string bind = "127.0.0.1";
  bool insecure = false;  // allows `bind` to be public without TLS
  int grpc_port = 7070;
  int http_port = 7071;
  int internal_port = 7072;
  std::string data_dir;     // absolute
  bool reflection = false;  // of the public API; no flag: `dev` sets it
  LogFormat log_format = LogFormat::kLogfmt;
};

// Runs a coordinator until SIGTERM or SIGINT. Returns the exit code of the process.
int RunCoordinator(const CoordinatorFlags& flags);

}  // namespace millrace
