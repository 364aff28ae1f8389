#include "state/state_key.h"

#include <gtest/gtest.h>

#include <limits>

#include "absl/strings/escaping.h"
#include "base/error.h"

namespace millrace {
namespace {

std::string Hex(std::string_view bytes) { return absl::BytesToHexString(AbslView(bytes)); }

TEST(StateKey, BytesAreFrozen) {
  EXPECT_EQ(Hex(EncodeStateKey({0x0102, 0x0304, 5, "key"})),
            "01020304"
            "8000000000000005"
            "6b6579");
  EXPECT_EQ(Hex(EncodeStateKey({719, 1, -1, ""})),
            "02cf0001"
            "7fffffffffffffff");
  EXPECT_EQ(Hex(EncodeStateKey({0, 0, std::numeric_limits<Slice>::min(), ""})),
            "00000000"
            "0000000000000000");
  EXPECT_EQ(Hex(FirstKeyOfGroup(720)), "02d0");
}

TEST(StateKey, ComesBackFromItsBytes) {
  std::string bytes = EncodeStateKey({719, 65535, std::numeric_limits<Slice>::max(), std::string_view("a\0b", 3)});
  auto key = ParseStateKey(bytes);
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->group, 719);
  EXPECT_EQ(key->table, 65535);
  EXPECT_EQ(key->slice, std::numeric_limits<Slice>::max());
  EXPECT_EQ(key->key, std::string_view("a\0b", 3));
  EXPECT_EQ(ParseStateKey(std::string_view(bytes).substr(0, 11)).status().code(), absl::StatusCode::kDataLoss);
}

TEST(StateKey, OrderIsGroupTableSliceKey) {
  const std::vector<std::string> ascending = {EncodeStateKey({1, 9, 9, "z"}),
                                              EncodeStateKey({2, 1, -5, "z"}),
                                              EncodeStateKey({2, 1, 0, ""}),
                                              EncodeStateKey({2, 1, 0, "a"}),
                                              EncodeStateKey({2, 1, 7, ""}),
                                              EncodeStateKey({2, 256, -9, ""}),
                                              FirstKeyOfGroup(3),
                                              EncodeStateKey({3, 0, std::numeric_limits<Slice>::min(), ""})};
  for (size_t i = 1; i < ascending.size(); ++i) EXPECT_LT(ascending[i - 1], ascending[i]) << i;
}

TEST(StateKey, KeysThatDoNotAscendAreACallersBug) {
  std::string a = EncodeStateKey({1, 0, 0, "a"});
  std::string b = EncodeStateKey({1, 0, 0, "b"});
  const std::vector<std::string_view> good = {a, b};
  EXPECT_TRUE(CheckAscending(good).ok());
  for (const std::vector<std::string_view>& bad : {std::vector<std::string_view>{b, a}, {a, a}, {a, b, "short"}}) {
    EXPECT_EQ(CheckAscending(bad).code(), absl::StatusCode::kInternal);
  }
}

}  // namespace
}  // namespace millrace
