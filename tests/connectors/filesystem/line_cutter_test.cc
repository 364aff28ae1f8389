#include "connectors/filesystem/line_cutter.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"
#include "base/random.h"

namespace millrace {
namespace {

TEST(LineCutter, CutsTheSameLinesHoweverTheBytesCome) {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    SCOPED_TRACE(Cat("round ", round));
    std::string text;
    std::vector<std::string> expected;
    for (uint64_t i = random.Below(20); i > 0; --i) {
      expected.emplace_back(random.Below(12), 'x');
      text += expected.back();
      text += random.Chance(0.3) ? "\r\n" : "\n";
    }
    if (random.Chance(0.5)) text += expected.emplace_back("last");
    LineCutter cutter;
    std::vector<std::string> found;
    int64_t num_bytes = 0;
    size_t given = 0;
    while (true) {
      if (auto line = cutter.Next()) {
        found.emplace_back(line->text);
        EXPECT_EQ(text.substr(static_cast<size_t>(num_bytes), static_cast<size_t>(line->num_bytes)), line->last);
        num_bytes += line->num_bytes;
        EXPECT_EQ(num_bytes + cutter.num_pending(), static_cast<int64_t>(given));
        continue;
      }
      if (given == text.size()) break;
      const size_t piece = 1 + random.Below(9);
      cutter.Add(std::string_view(text).substr(given, piece));
      given = std::min(text.size(), given + piece);
      if (given == text.size()) cutter.Finish();
    }
    EXPECT_EQ(found, expected);
    EXPECT_EQ(num_bytes, static_cast<int64_t>(text.size()));
  }
}

TEST(LineCutter, ALineTooLongIsCutOffAndItsPlaceIsKept) {
  const std::string piece(1 << 20, 'y');
  LineCutter cutter;
  cutter.Add("first\n");
  EXPECT_EQ(cutter.Next()->text, "first");
  for (int i = 0; i < 40; ++i) {
    cutter.Add(piece);
    EXPECT_FALSE(cutter.Next().has_value());
  }
  EXPECT_LT(cutter.num_held(), size_t{18} << 20);
  cutter.Add("tail\nnext\n");
  auto line = cutter.Next();
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(line->text.size(), LineCutter::kMaxLineBytes);
  EXPECT_EQ(line->num_bytes, (int64_t{40} << 20) + 5);
  EXPECT_TRUE(line->has_gap);
  EXPECT_EQ(line->last, "\n");
  line = cutter.Next();
  EXPECT_EQ(line->text, "next");
  EXPECT_FALSE(line->has_gap);
  EXPECT_EQ(cutter.num_pending(), 0);
}

}  // namespace
}  // namespace millrace
