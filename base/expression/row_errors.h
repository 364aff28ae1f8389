#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

// Rows of a batch for which an expression has no value, and why.
class RowErrors {
 public:
  struct Entry {
    int64_t row;
    std::string message;
  };

  void Add(int64_t row, std::string message) { entries_.push_back({row, std::move(message)}); }
  bool empty() const { return entries_.empty(); }
  // In the order in which they were found; a row may occur more than once.
  const std::vector<Entry>& entries() const { return entries_; }

  // One for each row, the first that was found, in the order of rows.
  std::vector<Entry> ByRow() const {
    std::map<int64_t, const Entry*> first;
    for (const Entry& entry : entries_) first.try_emplace(entry.row, &entry);
    std::vector<Entry> sorted;
    sorted.reserve(first.size());
    for (const auto& [row, entry] : first) sorted.push_back(*entry);
    return sorted;
  }

 private:
  std::vector<Entry> entries_;
};

}  // namespace millrace
