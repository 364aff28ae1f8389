#pragma once

#include <cstdint>
#include <random>
#include <string>

// One record of the topic, and what it says.
struct Click {
  // In the ledger. Whether a row with kStale is late is for the reader's watermark to say.
  enum class Kind { kGood, kStale, kBad };

  Kind kind = Kind::kGood;
  std::string user_id;
  std::string url;
  int64_t amount = 0;         // cents
  int64_t event_time_ms = 0;  // of the epoch, UTC
  std::string json;           // the record's bytes
};

// Makes clicks as a web shop would see them: somewhat out of order, some long overdue, some that no one can read.
//
// Thread: one.
class ClickGenerator {
 public:
  struct Options {
    int num_users = 1000;          // a few click much more than the others
    int64_t disorder_ms = 800;     // a good row is at most this much older than its record
    int64_t stale_from_ms = 8000;  // a stale row is older by this …
    int64_t stale_to_ms = 20000;   // … up to this
    double stale_ratio = 0.005;
    double bad_ratio = 0.01;
  };

  ClickGenerator(const Options& options, uint64_t seed) : options_(options), random_(seed) {}

  Click Next(int64_t now_ms);

 private:
  int64_t Uniform(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(random_); }
  double Chance() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  // The record's bytes, whole or spoilt.
  std::string Json(const Click& click);

  const Options options_;
  std::mt19937_64 random_;
};
