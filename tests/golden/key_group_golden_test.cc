#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "base/key_group.h"

namespace millrace {
namespace {

struct Golden {
  const char* key_bytes_hex;
  uint64_t hash;
  KeyGroup group;
};

// Worked out with libxxhash alone. A change here sends restored state to other subtasks: never edit, only add.
constexpr Golden kGolden[] = {
    {"", 0x2d06800538d394c2, 658},                    // no key columns
    {"00", 0xc44bdff4074eecdb, 603},                  // NULL
    {"018000000000000001", 0x82452dc3791a853e, 286},  // BIGINT 1
    {"017fffffffffffffff", 0xa3c359fd3e03bbfc, 604},  // BIGINT -1
    {"010000", 0xbac0c69c15810e04, 420},              // ''
    {"0161620000", 0x2b47b9fdd00b5cdb, 587},          // 'ab'
    {"01610000018001", 0x3722f965987a7709, 121},      // ('a', SMALLINT 1)
};

TEST(GoldenKeyGroups, KeysStayInTheirGroups) {
  for (const Golden& golden : kGolden) {
    uint64_t hash = HashKeyBytes(absl::HexStringToBytes(golden.key_bytes_hex));
    EXPECT_EQ(hash, golden.hash) << golden.key_bytes_hex;
    EXPECT_EQ(KeyGroupOfHash(hash), golden.group) << golden.key_bytes_hex;
  }
}

TEST(GoldenKeyGroups, LongKeysTooForWhichTheHashHasAPathOfItsOwn) {
  std::string key = std::string(
                        "\x01"
                        "customer-") +
                    std::string(249, '0') + "7" + std::string(2, '\0');
  EXPECT_EQ(HashKeyBytes(key), 0x5bdd93f542ec3a8du);
  EXPECT_EQ(KeyGroupOfHash(HashKeyBytes(key)), 365);
}

}  // namespace
}  // namespace millrace
