#include "base/key_sort.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace millrace {
namespace {

struct Entry {
  // Bytes of the key behind what its run has in common, big-endian; missing ones are zero.
  uint64_t digits;
  uint32_t key;
};

static_assert(std::endian::native == std::endian::little, "digits are read by swapping bytes");

uint64_t DigitsOf(std::string_view key, size_t skip) {
  uint64_t digits = 0;
  key.copy(reinterpret_cast<char*>(&digits), sizeof(digits), skip);
  return __builtin_bswap64(digits);
}

class Sorter {
 public:
  explicit Sorter(std::span<const std::string_view> keys) : keys_(keys) {}

  // All keys of the run agree in their first `skip` bytes.
  void Sort(std::span<Entry> run, size_t skip) {
    size_t shortest = 0;
    skip = SharedBytes(run, skip, &shortest);
    for (Entry& entry : run) entry.digits = DigitsOf(keys_[entry.key], skip);
    std::sort(run.begin(), run.end(),
              [](const Entry& a, const Entry& b) { return a.digits != b.digits ? a.digits < b.digits : a.key < b.key; });
    // Missing bytes and zeros look the same: where keys may have ended, whole keys decide.
    bool may_have_ended = shortest < skip + sizeof(uint64_t);
    for (size_t first = 0, i = 1; i <= run.size(); ++i) {
      if (i < run.size() && run[i].digits == run[first].digits) continue;
      std::span<Entry> equal = run.subspan(first, i - first);
      first = i;
      if (equal.size() == 1) continue;
      may_have_ended ? SortWhole(equal) : Sort(equal, skip + sizeof(uint64_t));
    }
  }

 private:
  size_t SharedBytes(std::span<const Entry> run, size_t skip, size_t* shortest) const {
    std::string_view sample = keys_[run[0].key];
    size_t shared = sample.size();
    *shortest = sample.size();
    for (const Entry& entry : run.subspan(1)) {
      std::string_view key = keys_[entry.key];
      *shortest = std::min(*shortest, key.size());
      shared = std::min(shared, key.size());
      if (sample.substr(skip, shared - skip) == key.substr(skip, shared - skip)) continue;
      size_t at = skip;
      while (sample[at] == key[at]) ++at;
      shared = at;
    }
    return shared;
  }

  void SortWhole(std::span<Entry> run) const {
    std::sort(run.begin(), run.end(), [this](const Entry& a, const Entry& b) {
      int order = keys_[a.key].compare(keys_[b.key]);
      return order != 0 ? order < 0 : a.key < b.key;
    });
  }

  const std::span<const std::string_view> keys_;
};

}  // namespace

std::vector<uint32_t> KeyOrder(std::span<const std::string_view> keys) {
  Check(keys.size() <= UINT32_MAX, "keys are numbered in 32 bits");
  std::vector<Entry> entries(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) entries[i].key = static_cast<uint32_t>(i);
  if (keys.size() > 1) Sorter(keys).Sort(entries, 0);
  std::vector<uint32_t> order(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) order[i] = entries[i].key;
  return order;
}

}  // namespace millrace
