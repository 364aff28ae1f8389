// Random expressions over random rows: the engine, in all of its ways, against the reference evaluator.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "tests/base/expression/random/difference.h"

namespace millrace {
namespace {

std::vector<uint8_t> BytesOf(uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint8_t> bytes(3000);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

// MILLRACE_SEED repeats one case, MILLRACE_CASES makes more or fewer.
TEST(RandomExpressions, GiveTheReferencesValues) {
  const char* given = std::getenv("MILLRACE_SEED");
  const char* wanted = std::getenv("MILLRACE_CASES");
  const uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
  const uint64_t cases = given != nullptr ? 1 : wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 1500;
  Compared compared;
  int differences = 0;
  for (uint64_t seed = first; seed < first + cases; ++seed) {
    const std::vector<uint8_t> bytes = BytesOf(seed);
    if (auto difference = FindDifference(bytes, compared)) {
      ADD_FAILURE() << "MILLRACE_SEED=" << seed << ": " << *difference;
      if (++differences == 20) break;
    }
  }
  std::printf("%lld expressions, %lld values (%lld of failing rows), %lld without a reference\n",
              static_cast<long long>(compared.expressions), static_cast<long long>(compared.rows.known),
              static_cast<long long>(compared.rows.failing), static_cast<long long>(compared.rows.unknown));
  if (given == nullptr) {
    EXPECT_GT(compared.rows.failing, static_cast<int64_t>(cases) / 10);
    EXPECT_LT(compared.rows.unknown, compared.rows.known / 2) << "the reference has no opinion of too much";
  }
}

}  // namespace
}  // namespace millrace
