#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace millrace::e2e {

// A record for the topic, and what a reader must make of it. Nothing here is shared with the engine.
struct Click {
  // Begins with "bad" if it must become a dead letter; the rest says what is odd about the bytes.
  std::string_view kind;
  std::string key;
  // Absent: a record without a value.
  std::optional<std::string> value;
  std::string user_id;
  int64_t event_time_ms = 0;
  std::optional<int64_t> amount;
};

// Makes click events: time goes on by `step_ms` per event, each event lies up to `disorder_ms` behind it, 1 in 200 far
// behind that, 1 in 100 is bad, 1 in 25 is unusual JSON that means the same. One seed gives one sequence.
class ClickMaker {
 public:
  struct Options {
    uint64_t seed = 1;
    int64_t first_time_ms = 1'767'225'600'000;  // 2026-01-01 00:00:00 UTC
    int64_t step_ms = 1;
    int64_t disorder_ms = 2'000;
    int64_t num_users = 500;
  };
  explicit ClickMaker(Options options) : options_(options), random_(options.seed) {}
  Click Next();

 private:
  int64_t Below(int64_t end) { return static_cast<int64_t>(random_() % static_cast<uint64_t>(end)); }
  void Spoil(Click& click);

  const Options options_;
  std::mt19937_64 random_;
  int64_t num_made_ = 0;
};

}  // namespace millrace::e2e
