#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "millrace/v1/pipeline_service.pb.h"

namespace millrace {

// A table of texts as psql draws it: heading, a line, rows. Widths are those of the widest cell.
std::string TextTable(const std::vector<std::string>& columns, const std::vector<std::vector<std::string>>& rows);

// What SHOW, DESCRIBE, EXPLAIN or SET answered: a table; a single text (SHOW CREATE, EXPLAIN) as it is; as JSON a line
// with the columns and one for each row.
std::string StatementResultText(const v1::StatementResult& result, bool json);

// Prints the rows of a SELECT as they come: no table before the first, for what fails then has no result.
//
// JSON: {"columns": […]} first, then {"kind": "+I", "row": […]} for each row; values as FetchResults has them, nothing
// is lost. Text: a table, whose widths are those of the first rows; longer cells push theirs aside and are never cut.
class RowPrinter {
 public:
  // `changes`: with a column for the kind of each row.
  RowPrinter(std::ostream* out, std::vector<v1::ResultColumn> columns, bool json, bool changes);

  // A JSON array a line.
  absl::Status Add(std::string_view lines);
  // Everything has come. Not called for a SELECT that failed, whose rows are not all there are.
  void End();

 private:
  void PrintHeading();

  std::ostream& out_;
  const std::vector<v1::ResultColumn> columns_;
  const bool json_;
  const bool changes_;
  bool begun_ = false;
  std::vector<size_t> widths_;
  std::vector<std::string> names_;
  uint64_t num_rows_ = 0;
};

}  // namespace millrace
