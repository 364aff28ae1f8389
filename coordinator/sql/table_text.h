#pragma once

#include <string>
#include <vector>

#include "coordinator/sql/catalog.h"
#include "coordinator/sql/planner.h"
#include "coordinator/sql/statement_result.h"

namespace millrace::sql {

// The CREATE TABLE and CREATE VIEW that make what the catalog has; a script can run them.
std::string CreateTableText(const Table& table);
std::string CreateViewText(const View& view);

// As Flink's DESCRIBE: name, type, null, key, extras, watermark, and comment if there is one.
StatementResult DescribeTable(const Table& table);
StatementResult DescribeColumns(const std::vector<ResultColumn>& columns);

}  // namespace millrace::sql
