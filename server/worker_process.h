#pragma once

#include <string>

#include "base/log.h"
#include "server/memory_flags.h"

namespace millrace {

// Flags of `millrace worker`. A port of 0 takes a free one, which is printed.
struct WorkerFlags {
  std::string coordinator = "127.0.0.1:7072";  // the coordinator's internal port
  int slots = 4;
  std::string bind = "127.0.0.1";
  bool insecure = false;  // allows `bind` to be public without TLS
  int http_port = 0;
  int internal_port = 0;
  std::string data_dir;  // absolute
  MemoryFlags memory;
  LogFormat log_format = LogFormat::kLogfmt;
};

// Runs a worker until SIGTERM or SIGINT. Returns the exit code of the process.
int RunWorker(const WorkerFlags& flags);

}  // namespace millrace
