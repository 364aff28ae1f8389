#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>

#include "examples/demo/click_generator.h"

// The producer's own book: one line per record that the broker has acknowledged, with its place and what it says.
//
// CSV: partition,offset,kind,user_id,url,amount,event_time_ms,value. `kind` is good, stale or bad; `value` is the bytes
// of a bad record in hexadecimal digits, and empty otherwise. Thread: one.
class Ledger {
 public:
  // Truncates the file. Check ok() before use.
  explicit Ledger(const std::string& path);
  ~Ledger();
  Ledger(const Ledger&) = delete;

  bool ok() const { return file_ != nullptr; }
  void Append(int32_t partition, int64_t offset, const Click& click);
  // False if anything could not be written.
  bool Close();
  int64_t num_records(Click::Kind kind) const { return counts_[static_cast<size_t>(kind)]; }
  int64_t num_records() const { return counts_[0] + counts_[1] + counts_[2]; }

 private:
  std::FILE* file_;
  std::array<int64_t, 3> counts_{};
};
