#include <gtest/gtest.h>

#include "coordinator/sql/parser.h"
#include "coordinator/sql/unparser.h"

namespace millrace::sql {
namespace {

Script Read(const std::string& expression) {
  auto script = ParseScript("SELECT " + expression);
  EXPECT_TRUE(script.ok()) << script.status().message();
  return script.ok() ? *script : Script{};
}

// Calcite's operator table: what stands without parentheses, and the same with all of them.
TEST(Precedence, IsCalcites) {
  const std::pair<const char*, const char*> table[] = {
      {"a + b * c", "a + (b * c)"},
      {"a * b + c", "(a * b) + c"},
      {"a - b - c", "(a - b) - c"},
      {"a / b / c", "(a / b) / c"},
      {"a - b + c", "(a - b) + c"},
      {"a * b / c % d", "((a * b) / c) % d"},
      {"a || b || c", "(a || b) || c"},
      // Concatenation binds as multiplication does.
      {"a + b || c", "a + (b || c)"},
      {"a || b * c", "(a || b) * c"},
      {"a * b || c", "(a * b) || c"},
      {"-a * b", "(-a) * b"},
      {"-a + b", "(-a) + b"},
      {"a * -b", "a * (-b)"},
      {"- -a", "-(-a)"},
      {"+a - -b", "(+a) - (-b)"},
      {"-a[1]", "-(a[1])"},
      {"-a.b", "-(a.b)"},
      {"a[1] * b", "(a[1]) * b"},
      {"-f(x)", "-(f(x))"},
      {"a + b = c - d", "(a + b) = (c - d)"},
      {"a = b = c", "(a = b) = c"},
      {"a < b = c", "(a < b) = c"},
      {"a < b < c", "(a < b) < c"},
      {"a <> b OR c", "(a <> b) OR c"},
      {"a + b BETWEEN c + d AND e + f", "(a + b) BETWEEN (c + d) AND (e + f)"},
      {"a BETWEEN b AND c AND d", "(a BETWEEN b AND c) AND d"},
      {"a BETWEEN b AND c OR d", "(a BETWEEN b AND c) OR d"},
      {"a BETWEEN b AND c BETWEEN d AND e", "(a BETWEEN b AND c) BETWEEN d AND e"},
      {"a NOT BETWEEN b AND c = d", "(a NOT BETWEEN b AND c) = d"},
      // IN, LIKE and BETWEEN bind closer than a comparison.
      {"a = b IN (c)", "a = (b IN (c))"},
      {"a = b LIKE c", "a = (b LIKE c)"},
      {"a LIKE b = c", "(a LIKE b) = c"},
      {"a LIKE b || c", "a LIKE (b || c)"},
      {"a LIKE b ESCAPE c AND d", "(a LIKE b ESCAPE c) AND d"},
      {"a + b IN (c, d)", "(a + b) IN (c, d)"},
      {"a IN (b) IN (c)", "(a IN (b)) IN (c)"},
      {"a SIMILAR TO b AND c", "(a SIMILAR TO b) AND c"},
      // IS NULL and the like bind looser than a comparison.
      {"a = b IS NULL", "(a = b) IS NULL"},
      {"a + b IS NULL", "(a + b) IS NULL"},
      {"a IS NULL = b", "(a IS NULL) = b"},
      {"a IS NULL IS NOT TRUE", "(a IS NULL) IS NOT TRUE"},
      {"NOT a IS NULL", "NOT (a IS NULL)"},
      {"a IN (b) IS UNKNOWN", "(a IN (b)) IS UNKNOWN"},
      {"a IS NOT NULL AND b", "(a IS NOT NULL) AND b"},
      {"a IS DISTINCT FROM b AND c", "(a IS DISTINCT FROM b) AND c"},
      {"a = b IS DISTINCT FROM c", "a = (b IS DISTINCT FROM c)"},
      {"a IS DISTINCT FROM b = c", "(a IS DISTINCT FROM b) = c"},
      {"a + b IS DISTINCT FROM c", "(a + b) IS DISTINCT FROM c"},
      {"a IS DISTINCT FROM b + c", "a IS DISTINCT FROM (b + c)"},
      {"NOT a = b", "NOT (a = b)"},
      {"NOT a AND b", "(NOT a) AND b"},
      {"NOT NOT a OR b", "(NOT (NOT a)) OR b"},
      {"NOT a BETWEEN b AND c", "NOT (a BETWEEN b AND c)"},
      {"NOT a LIKE b", "NOT (a LIKE b)"},
      {"a = NOT b", "a = (NOT b)"},
      {"a OR b AND c", "a OR (b AND c)"},
      {"a AND b OR c", "(a AND b) OR c"},
      {"a AND b OR c AND d", "(a AND b) OR (c AND d)"},
      {"NOT a OR b", "(NOT a) OR b"},
      {"a = ANY (SELECT 1) AND b", "(a = ANY (SELECT 1)) AND b"},
      {"a AND EXISTS (SELECT 1) OR b", "(a AND (EXISTS (SELECT 1))) OR b"},
      {"(a, b) OVERLAPS (c, d) AND e", "((a, b) OVERLAPS (c, d)) AND e"},
      {"CASE WHEN a THEN b END + c", "(CASE WHEN a THEN b END) + c"},
      {"a - INTERVAL '1' DAY > b", "(a - (INTERVAL '1' DAY)) > b"},
      {"a || b = c || d AND NOT e IS NULL OR f", "(((a || b) = (c || d)) AND (NOT (e IS NULL))) OR f"}};
  for (const auto& [plain, parenthesized] : table) EXPECT_TRUE(Read(plain) == Read(parenthesized)) << plain;
}

TEST(Precedence, ParenthesesChangeIt) {
  const std::pair<const char*, const char*> table[] = {{"a + b * c", "(a + b) * c"},
                                                       {"a - b - c", "a - (b - c)"},
                                                       {"a || b * c", "a || (b * c)"},
                                                       {"-a * b", "-(a * b)"},
                                                       {"a = b IS NULL", "a = (b IS NULL)"},
                                                       {"NOT a = b", "(NOT a) = b"},
                                                       {"a OR b AND c", "(a OR b) AND c"},
                                                       {"a = b IN (c)", "(a = b) IN (c)"},
                                                       {"a AND b AND c", "a AND (b AND c)"},
                                                       {"a.b", "(a).b"},
                                                       {"a BETWEEN b AND c AND d", "a BETWEEN b AND (c AND d)"}};
  for (const auto& [one, other] : table) EXPECT_FALSE(Read(one) == Read(other)) << one;
}

TEST(Precedence, OfSetOperations) {
  const auto read = [](const std::string& sql) { return *ParseScript(sql); };
  const std::pair<const char*, const char*> table[] = {
      {"TABLE a UNION TABLE b UNION ALL TABLE c", "(TABLE a UNION TABLE b) UNION ALL TABLE c"},
      {"TABLE a UNION TABLE b INTERSECT TABLE c", "TABLE a UNION (TABLE b INTERSECT TABLE c)"},
      {"TABLE a INTERSECT TABLE b EXCEPT TABLE c", "(TABLE a INTERSECT TABLE b) EXCEPT TABLE c"},
      {"TABLE a EXCEPT TABLE b UNION TABLE c", "(TABLE a EXCEPT TABLE b) UNION TABLE c"},
      {"TABLE a UNION TABLE b ORDER BY x", "(TABLE a UNION TABLE b) ORDER BY x"}};
  for (const auto& [plain, parenthesized] : table) EXPECT_TRUE(read(plain) == read(parenthesized)) << plain;
  EXPECT_FALSE(read("TABLE a UNION TABLE b ORDER BY x") == read("TABLE a UNION (TABLE b ORDER BY x)"));
}

}  // namespace
}  // namespace millrace::sql
