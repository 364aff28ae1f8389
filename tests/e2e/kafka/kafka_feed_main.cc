// kafka_feed BROKERS TOPIC PARTITIONS SEED RATE LEDGER
//
// Feeds partitions 0 to PARTITIONS-1 with RATE records a second and takes commands on stdin, one a line; answers each
// with its echo:
//   silence P     stop writing to partition P        use P        write to partition P (again)
//   finish N      as fast as it goes until N records are committed in all; then end
// Its last line: "fed COMMITTED ABORTED". The end of stdin without "finish" ends it at once.
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

#include "tests/e2e/kafka/topic_feeder.h"

namespace {

using std::chrono::steady_clock;

bool HasCommand(steady_clock::duration patience) {
  pollfd in{STDIN_FILENO, POLLIN, 0};
  auto wait_ms = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
  return poll(&in, 1, wait_ms < 0 ? 0 : static_cast<int>(wait_ms)) > 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::cerr << "usage: kafka_feed BROKERS TOPIC PARTITIONS SEED RATE LEDGER\n";
    return 2;
  }
  millrace::e2e::TopicFeeder::Options options;
  options.brokers = argv[1];
  options.topic = argv[2];
  for (int32_t partition = 0; partition < std::atoi(argv[3]); ++partition) options.partitions.insert(partition);
  options.clicks.seed = std::strtoull(argv[4], nullptr, 10);
  options.ledger = argv[6];
  const int64_t rate = std::atoll(argv[5]);
  constexpr auto kBeat = std::chrono::milliseconds(250);
  constexpr int64_t kFastTransaction = 20'000;
  const int64_t per_beat = rate / 4 + 1;

  millrace::e2e::TopicFeeder feeder(options);
  // One command at a time is in the pipe, for each is answered: cin's buffer never hides one from poll.
  int64_t goal = -1;
  auto next = steady_clock::now();
  while (goal < 0 || feeder.num_committed() < goal) {
    if (goal < 0 && HasCommand(next - steady_clock::now())) {
      std::string line;
      if (!std::getline(std::cin, line)) return 1;
      std::istringstream words(line);
      std::string verb;
      int64_t number = -1;
      words >> verb >> number;
      if (verb == "silence") {
        feeder.Silence(static_cast<int32_t>(number));
      } else if (verb == "use") {
        feeder.Use(static_cast<int32_t>(number));
      } else if (verb == "finish") {
        goal = number;
      } else {
        std::cerr << "kafka_feed: unknown command: " << line << "\n";
        return 2;
      }
      std::cout << line << std::endl;
      continue;
    }
    feeder.Feed(goal < 0 ? per_beat : std::min(kFastTransaction, goal - feeder.num_committed()));
    next = std::max(next + kBeat, steady_clock::now() - kBeat);
  }
  std::cout << "fed " << feeder.num_committed() << " " << feeder.num_aborted() << std::endl;
  return 0;
}
