// State is found by the uids of operators: they stay as long as the operator means the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "coordinator/plan/plan_graph.h"
#include "tests/coordinator/sql/cases.h"
#include "tests/coordinator/sql/planned.h"

namespace millrace::sql {
namespace {

class Uids : public testing::Test {
 protected:
  Uids() { Declare(ReadText("golden/tables_of_plans.sql"), catalog_); }

  std::set<std::string> Of(const std::string& sql, bool (*wanted)(const v1::Node&)) {
    const Planned planned = PlanOf(sql, catalog_);
    EXPECT_TRUE(planned.diagnostics.empty()) << sql << "\n" << RenderDiagnostics(planned.diagnostics, sql);
    std::set<std::string> uids;
    for (const v1::Node& node : planned.plan.nodes()) {
      EXPECT_TRUE(IsPlanName(node.uid())) << node.uid();
      if (wanted(node)) uids.insert(node.uid());
    }
    return uids;
  }
  std::set<std::string> WindowsOf(const std::string& sql) {
    return Of(sql, [](const v1::Node& node) { return node.has_window_aggregate(); });
  }

  Catalog catalog_;
};

std::string Windowed(const std::string& items, const std::string& where = "", const std::string& size = "'1' MINUTE") {
  return "INSERT INTO anything SELECT " + items + " FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(event_time), INTERVAL " +
         size + ")) " + where + " GROUP BY user_id, window_start, window_end";
}

TEST_F(Uids, AWindowKeepsItsUidUnderEditsThatDoNotTouchIt) {
  const std::set<std::string> uids =
      WindowsOf(Windowed("user_id, window_end, COUNT(*) AS n, SUM(amount) AS total", "WHERE amount > 1 AND url = 'a'"));
  ASSERT_EQ(uids.size(), 1u);
  const std::string same[] = {
      // Other columns behind it, other names, another order.
      Windowed("SUM(amount) + 1 AS other, user_id, COUNT(*) AS c, window_start", "WHERE amount > 1 AND url = 'a'"),
      // Formatting and comments.
      Windowed("user_id, /* all */ COUNT( * ) AS n, Sum(amount)", "WHERE amount>1   AND url='a' -- some\n"),
      // A subquery and aliases in between.
      "INSERT INTO anything SELECT u, COUNT(*) AS n, SUM(a) AS s FROM TABLE(TUMBLE(TABLE (SELECT user_id AS u, amount "
      "AS a, event_time AS t FROM "
      "clicks WHERE amount > 1 AND url = 'a'), DESCRIPTOR(t), INTERVAL '60' SECOND)) GROUP BY u, window_start, "
      "window_end",
      // Other statements.
      "EXECUTE STATEMENT SET BEGIN INSERT INTO strict SELECT id, s, CAST(NULL AS TIMESTAMP(3)) FROM texts; " +
          Windowed("user_id, COUNT(*) AS n, SUM(amount) AS total", "WHERE amount > 1 AND url = 'a'") + "; END",
      // Late rows are kept.
      Windowed("user_id, COUNT(*) AS n, SUM(amount) AS total", "WHERE amount > 1 AND url = 'a'") +
          " LATE DATA TO late_clicks",
  };
  for (const std::string& sql : same) EXPECT_EQ(WindowsOf(sql), uids) << sql;
}

TEST_F(Uids, AWindowThatMeansSomethingElseHasAnother) {
  std::set<std::string> uids;
  const std::string different[] = {
      Windowed("user_id, COUNT(*) AS n"),
      Windowed("user_id, COUNT(*) AS n", "WHERE amount > 1"),
      Windowed("user_id, COUNT(*) AS n", "WHERE amount > 2"),
      Windowed("user_id, COUNT(*) AS n", "", "'2' MINUTE"),
      Windowed("user_id, SUM(amount) AS n"),
      Windowed("user_id, SUM(amount) FILTER (WHERE url = 'a') AS n"),
      Windowed("user_id, SUM(DISTINCT amount) AS n"),
      "INSERT INTO anything SELECT url, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(event_time), INTERVAL "
      "'1' MINUTE)) GROUP BY "
      "url, window_start, window_end",
  };
  for (const std::string& sql : different) {
    for (const std::string& uid : WindowsOf(sql)) EXPECT_TRUE(uids.insert(uid).second) << uid << " " << sql;
  }
  EXPECT_EQ(uids.size(), std::size(different));
}

TEST_F(Uids, TwoOfOneMeaningAreNumbered) {
  const std::string one = Windowed("user_id, COUNT(*) AS n");
  const std::set<std::string> single = WindowsOf(one);
  const std::set<std::string> both = WindowsOf("EXECUTE STATEMENT SET BEGIN " + one + "; " + one + "; END");
  EXPECT_EQ(both, (std::set<std::string>{*single.begin(), *single.begin() + "-2"}));
}

TEST_F(Uids, AHintSetsOne) {
  const auto all = [](const v1::Node&) { return true; };
  EXPECT_TRUE(Of(Windowed("/*+ UID('mine') */ user_id, COUNT(*) AS n"), all).contains("mine"));
  EXPECT_TRUE(
      Of("INSERT INTO anything /*+ UID('out') */ SELECT id FROM numbers /*+ UID('in') */", all).contains("out"));
  const Planned wrong = PlanOf(Windowed("/*+ UID('Not One') */ user_id, COUNT(*) AS n"), catalog_);
  ASSERT_EQ(wrong.diagnostics.size(), 1u);
  const Planned twice = PlanOf("EXECUTE STATEMENT SET BEGIN " + Windowed("/*+ UID('a') */ user_id, COUNT(*) AS n") +
                                   "; " + Windowed("/*+ UID('a') */ user_id, COUNT(*) AS n") + "; END",
                               catalog_);
  ASSERT_EQ(twice.diagnostics.size(), 1u);
  EXPECT_EQ(twice.diagnostics[0].message,
            "the UID 'a' is given twice; state is found by it, so each operator has its own");
}

// Behind SELECT it is that of what keeps state, and it is never dropped.
TEST_F(Uids, AHintOfSelectNamesWhatKeepsState) {
  const auto has = [&](const std::string& sql, v1::Node::KindCase kind) {
    const Planned planned = PlanOf(sql, catalog_);
    return std::any_of(planned.plan.nodes().begin(), planned.plan.nodes().end(),
                       [&](const v1::Node& node) { return node.uid() == "mine" && node.kind_case() == kind; });
  };
  EXPECT_TRUE(has("SELECT /*+ UID('mine') */ DISTINCT u FROM numbers", v1::Node::kGroupAggregate));
  EXPECT_TRUE(has("SELECT /*+ UID('mine') */ DISTINCT u FROM numbers ORDER BY u", v1::Node::kGroupAggregate));
  EXPECT_TRUE(has("SELECT /*+ UID('mine') */ u FROM numbers ORDER BY id", v1::Node::kSort));
  EXPECT_TRUE(has("SELECT /*+ UID('mine') */ u, COUNT(*) AS n FROM numbers GROUP BY u ORDER BY n",
                  v1::Node::kGroupAggregate));
  EXPECT_TRUE(has("SELECT /*+ UID('mine') */ u FROM numbers", v1::Node::kProject));
  EXPECT_TRUE(has("SELECT u FROM (SELECT /*+ UID('mine') */ u, id FROM numbers) AS s", v1::Node::kProject));
  EXPECT_TRUE(has("WITH w AS (SELECT /*+ UID('mine') */ u, COUNT(*) AS n FROM numbers GROUP BY u) SELECT n FROM w",
                  v1::Node::kGroupAggregate));
  const std::set<std::string> both =
      Of("SELECT /*+ UID('outer') */ u FROM (SELECT /*+ UID('inner') */ u, id + 1 AS i FROM numbers) AS s",
         [](const v1::Node&) { return true; });
  EXPECT_TRUE(both.contains("outer") && both.contains("inner"));
}

TEST_F(Uids, AnyTableNameMakesAFittingOne) {
  const auto all = [](const v1::Node&) { return true; };
  for (const std::string table :
       {"`Ümlaut Tab`", "`1`", "aVeryLongNameThatIsLongerThanAnyUidMayBeAndGoesOnAndOnAndOn"}) {
    Declare("CREATE TABLE " + table + " (a INT) WITH ('connector' = 'filesystem', 'path' = '/a', 'format' = 'json')",
            catalog_);
    Of("SELECT a, COUNT(*) FROM " + table + " GROUP BY a ORDER BY a", all);
    Of("INSERT INTO " + table + " SELECT a FROM " + table, all);
  }
}

}  // namespace
}  // namespace millrace::sql
