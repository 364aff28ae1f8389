// The binary `millrace`.
#include <google/protobuf/stubs/logging.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "server/cli/command_line.h"
#include "server/coordinator_process.h"
#include "server/dev_process.h"
#include "server/local_cluster.h"
#include "server/worker_process.h"

namespace {

volatile std::sig_atomic_t interrupts = 0;

}  // namespace

int main(int argc, char** argv) {
  // gRPC logs what we report ourselves, in words of its own. Set the variable to see it.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  // So does Protobuf, a line for every string of a request that is not UTF-8, whoever sends it.
  google::protobuf::SetLogHandler(nullptr);
  millrace::SystemClock clock;
  millrace::CliEnvironment environment{.out = &std::cout, .err = &std::cerr, .clock = &clock};
  environment.variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  environment.interrupts = [] { return static_cast<int>(interrupts); };
  environment.terminal = isatty(STDERR_FILENO) == 1;
  environment.columns = [] {
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size_t{size.ws_col} : size_t{0};
  };
  // Only a pipeline that is followed has something to do at Ctrl-C; everything else just ends.
  environment.on_follow = [] { std::signal(SIGINT, [](int) { interrupts = interrupts + 1; }); };
  environment.coordinator = millrace::RunCoordinator;
  environment.worker = millrace::RunWorker;
  environment.dev = millrace::RunDev;
  bool local = false;
  environment.local = [&local] {
    local = true;
    return millrace::StartLocalCluster();
  };
  const int code = millrace::RunCommandLine({argv + 1, argv + argc}, environment);
  if (!local) return code;
  // Threads of a cluster are not waited for.
  std::cout.flush();
  std::_Exit(code);
}
