#pragma once

#include <bitset>
#include <cstddef>
#include <vector>

namespace millrace::sql {

// Some of the grammar's token types, the end of the text among them. A value; united in a few words.
class TokenSet {
 public:
  // The grammar has half as many; std::bitset throws for more.
  static constexpr size_t kMostTypes = 1'023;

  void insert(size_t type) { bits_.set(IndexOf(type)); }
  void erase(size_t type) { bits_.reset(IndexOf(type)); }
  bool contains(size_t type) const { return bits_.test(IndexOf(type)); }
  bool empty() const { return bits_.none(); }
  void Unite(const TokenSet& other) { bits_ |= other.bits_; }

  // In order; the end of the text first.
  std::vector<size_t> Types() const {
    std::vector<size_t> types;
    for (size_t i = 0; i < bits_.size(); ++i) {
      if (bits_.test(i)) types.push_back(i - 1);
    }
    return types;
  }

 private:
  // ANTLR's end of the text is −1.
  static constexpr size_t IndexOf(size_t type) { return type + 1; }

  std::bitset<kMostTypes + 1> bits_;
};

}  // namespace millrace::sql
