#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "coordinator/sql/parser.h"
#include "tests/bench/measurement.h"

namespace millrace {
namespace {

constexpr int kRounds = 200;

// Ten pipelines of twenty lines each: 200 lines, 20 statements.
std::string Script() {
  std::string sql;
  for (int i = 0; i < 10; ++i) {
    absl::StrAppend(&sql, "-- pipeline ", i, R"(
CREATE TABLE orders_)",
                    i, R"( (
  order_id BIGINT NOT NULL,
  customer ROW<id BIGINT, name STRING, tags ARRAY<STRING>>,
  amount DECIMAL(12, 2),
  ordered_at TIMESTAMP_LTZ(3),
  total AS amount * 1.19,
  WATERMARK FOR ordered_at AS ordered_at - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'orders', 'format' = 'json');

-- its totals, a minute at a time
INSERT INTO totals_)",
                    i, R"(
SELECT customer.id, window_start, window_end, SUM(total) AS total,
  COUNT(*) FILTER (WHERE amount > 100 AND customer.name NOT LIKE 'test%') AS big,
  CASE WHEN MAX(amount) BETWEEN 0 AND 10 THEN 'small' ELSE CAST(MAX(amount) AS STRING) END AS kind
FROM TABLE(TUMBLE(TABLE orders_)",
                    i, R"(, DESCRIPTOR(ordered_at), INTERVAL '1' MINUTE))
WHERE amount IS NOT NULL AND (order_id % 10 <> 3 OR customer.tags[1] IN ('a', 'b', 'c'))
GROUP BY customer.id, window_start, window_end
HAVING SUM(total) > 0
LATE DATA TO late;
)");
  }
  return sql;
}

}  // namespace

// A script of 200 lines: the first time a process reads SQL, when the parser learns the grammar's decisions, and again.
void BenchSqlParser() {
  const std::string sql = Script();
  if (std::count(sql.begin(), sql.end(), '\n') != 200) Wrong("the number of lines");
  Measurement first("sql_parser_first");
  if (sql::Parse(sql).script.statements.size() != 20) Wrong("the number of statements");
  first.Report(1);
  Measurement measurement("sql_parser");
  measurement.Add("lines_per_event", 200);
  for (int round = 0; round < kRounds; ++round) {
    if (!sql::Parse(sql).diagnostics.empty()) Wrong("a diagnostic");
  }
  measurement.Report(kRounds);
}

}  // namespace millrace
