#include <algorithm>
#include <string>

#include "absl/strings/substitute.h"
#include "coordinator/sql/compiler.h"
#include "coordinator/sql/parser.h"
#include "tests/bench/measurement.h"

namespace millrace {
namespace {

constexpr int kRounds = 200;

// Ten tables with their windows, twenty lines each: 200 lines, 40 statements.
std::string Script() {
  std::string sql;
  for (int i = 0; i < 10; ++i) {
    absl::SubstituteAndAppend(&sql, R"(-- pipeline $0
CREATE TABLE orders_$0 (
  order_id BIGINT NOT NULL,
  customer ROW<id BIGINT, name STRING, tags ARRAY<STRING>>,
  amount DECIMAL(12, 2),
  ordered_at TIMESTAMP_LTZ(3),
  total AS amount * 1.19, -- with the tax
  WATERMARK FOR ordered_at AS ordered_at - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'orders', 'properties.bootstrap.servers' = 'broker:9092', 'format' = 'json');
CREATE TABLE totals_$0 WITH ('connector' = 'delta', 'table-path' = '/totals/$0');
CREATE TABLE late_$0 WITH ('connector' = 'delta', 'table-path' = '/late/$0');
INSERT INTO totals_$0 -- a minute at a time
SELECT customer.id, window_start, window_end, SUM(total) AS total,
  COUNT(*) FILTER (WHERE amount > 100 AND customer.name NOT LIKE 'test%') AS big,
  CASE WHEN MAX(amount) BETWEEN 0 AND 10 THEN 'small' ELSE CAST(MAX(amount) AS STRING) END AS kind
FROM TABLE(TUMBLE(TABLE orders_$0, DESCRIPTOR(ordered_at), INTERVAL '1' MINUTE))
WHERE amount IS NOT NULL AND (order_id % 10 <> 3 OR customer.tags[1] IN ('a', 'b', 'c'))
GROUP BY customer.id, window_start, window_end
HAVING SUM(total) > 0
LATE DATA TO late_$0;
)",
                              i);
  }
  return sql;
}

}  // namespace

// A script of 200 lines: the first time a process reads SQL, when the parser learns the grammar's decisions, and again;
// then from text to plan.
void BenchSqlParser() {
  const std::string sql = Script();
  if (std::count(sql.begin(), sql.end(), '\n') != 200) Wrong("the number of lines");
  Measurement first("sql_parser_first");
  if (sql::Parse(sql).script.statements.size() != 40) Wrong("the number of statements");
  first.Report(1);
  Measurement measurement("sql_parser");
  measurement.Add("lines_per_event", 200);
  for (int round = 0; round < kRounds; ++round) {
    if (!sql::Parse(sql).diagnostics.empty()) Wrong("a diagnostic");
  }
  measurement.Report(kRounds);
  Measurement compile("sql_compile");
  compile.Add("lines_per_event", 200);
  for (int round = 0; round < kRounds; ++round) {
    if (!sql::Compile(sql, {}).plan) Wrong("no plan");
  }
  compile.Report(kRounds);
}

}  // namespace millrace
