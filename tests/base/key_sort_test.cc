#include "base/key_sort.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "base/random.h"

namespace millrace {
namespace {

std::vector<uint32_t> PlainOrder(const std::vector<std::string_view>& keys) {
  std::vector<uint32_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return std::pair(keys[a], a) < std::pair(keys[b], b); });
  return order;
}

TEST(KeyOrder, IsThatOfAStableSortByBytes) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    std::vector<std::string> texts;
    size_t num_keys = random.Below(200);
    std::string beginning(random.Below(20), '\x01');
    for (size_t i = 0; i < num_keys; ++i) {
      std::string text = random.Chance(0.9) ? beginning : std::string();
      size_t length = random.Below(random.Chance(0.5) ? 4 : 24);
      // Few different bytes, zero and the largest among them, so that keys repeat, and begin other keys.
      for (size_t byte = 0; byte < length; ++byte) text.push_back("\x00\x00\x01\xff"[random.Below(4)]);
      texts.push_back(std::move(text));
    }
    std::vector<std::string_view> keys(texts.begin(), texts.end());
    EXPECT_EQ(KeyOrder(keys), PlainOrder(keys)) << "seed " << seed;
  }
}

TEST(KeyOrder, TakesManyEqualAndEmptyKeys) {
  std::vector<std::string_view> keys(1000, "the same long key");
  keys.resize(1500);
  EXPECT_EQ(KeyOrder(keys), PlainOrder(keys));
  EXPECT_TRUE(KeyOrder({}).empty());
}

}  // namespace
}  // namespace millrace
