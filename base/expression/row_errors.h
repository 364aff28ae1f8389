#pragma once

#include <algorithm>
#include <cstdint>
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
    std::vector<Entry> sorted = entries_;
    auto by_row = [](const Entry& a, const Entry& b) { return a.row < b.row; };
    std::stable_sort(sorted.begin(), sorted.end(), by_row);
    auto same_row = [](const Entry& a, const Entry& b) { return a.row == b.row; };
    sorted.erase(std::unique(sorted.begin(), sorted.end(), same_row), sorted.end());
    return sorted;
  }

 private:
  std::vector<Entry> entries_;
};

}  // namespace millrace
