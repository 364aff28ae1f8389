#include <gtest/gtest.h>

#include <set>

#include "coordinator/sql/parser.h"
#include "coordinator/sql/unparser.h"
#include "tests/coordinator/sql/cases.h"

namespace millrace::sql {
namespace {

TEST(ParseGolden, EveryStatementHasItsCanonicalForm) {
  const std::vector<GoldenCase> cases = ReadCases("statements.txt");
  EXPECT_GE(cases.size(), 300u);
  for (const GoldenCase& one : cases) {
    auto script = ParseScript(one.input);
    ASSERT_TRUE(script.ok()) << script.status().message();
    ASSERT_EQ(script->statements.size(), 1u) << one.input;
    EXPECT_EQ(Unparse(script->statements[0]), one.expected) << one.input;
  }
}

TEST(ParseGolden, TheCanonicalFormIsTheSameStatement) {
  for (const GoldenCase& one : ReadCases("statements.txt")) {
    auto script = ParseScript(one.input);
    ASSERT_TRUE(script.ok()) << script.status().message();
    auto again = ParseScript(Unparse(*script));
    ASSERT_TRUE(again.ok()) << again.status().message();
    EXPECT_TRUE(*script == *again) << one.input;
    EXPECT_EQ(Unparse(*again), Unparse(*script));
  }
}

// A statement that says something else is not equal: else the test above could not fail.
TEST(ParseGolden, DifferentStatementsDiffer) {
  std::set<std::string> seen;
  std::vector<std::pair<std::string, Script>> scripts;
  for (const GoldenCase& one : ReadCases("statements.txt")) {
    if (!seen.insert(one.expected).second) continue;
    scripts.emplace_back(one.expected, *ParseScript(one.input));
  }
  EXPECT_GE(scripts.size(), 250u);
  for (size_t i = 0; i < scripts.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      EXPECT_FALSE(scripts[i].second == scripts[j].second) << scripts[i].first << "\n" << scripts[j].first;
    }
  }
}

TEST(ParseGolden, MistakesAreToldToTheLetter) {
  const std::vector<GoldenCase> cases = ReadCases("mistakes.txt");
  EXPECT_GE(cases.size(), 120u);
  for (const GoldenCase& one : cases) {
    auto script = ParseScript(one.input);
    ASSERT_FALSE(script.ok()) << one.input;
    EXPECT_EQ(script.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(script.status().message(), one.expected);
  }
}

}  // namespace
}  // namespace millrace::sql
