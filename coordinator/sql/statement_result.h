#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coordinator/sql/source_range.h"

namespace millrace::sql {

// What SHOW, DESCRIBE, EXPLAIN or SET answers: a table of texts with Flink's column names.
struct StatementResult {
  SourceRange range;      // of the statement
  std::string statement;  // in canonical form, for a heading
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;  // nullopt: NULL
};

}  // namespace millrace::sql
