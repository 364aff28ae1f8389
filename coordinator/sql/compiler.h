#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "coordinator/sql/diagnostic.h"
#include "coordinator/sql/planner.h"
#include "coordinator/sql/statement_result.h"
#include "millrace/v1/pipeline_service.pb.h"
#include "millrace/v1/plan.pb.h"

namespace millrace::sql {

// What a script comes to.
struct Compilation {
  // Absent: the script is wrong, or it only declares and asks.
  std::optional<v1::Plan> plan;
  // The script is a SELECT: `columns` are those of its rows, which go to the sink connector "result".
  bool is_select = false;
  std::vector<ResultColumn> columns;
  // Every table that the plan reads ends.
  bool bounded = false;
  // Of SHOW, DESCRIBE, EXPLAIN and SET, in the order of the script.
  std::vector<StatementResult> results;
  // Everything that is wrong, in the order of the text.
  std::vector<Diagnostic> diagnostics;
  // What was accepted and has no effect.
  std::vector<Diagnostic> notes;
};

struct CompileOptions {
  // Of the pipeline, unless the script sets 'pipeline.name'; made to fit the rules of such names.
  std::string name = "pipeline";
  // The option 'path' of the sink "result". "": left out.
  std::string result_path = {};
  // What is wrong with a plan; its connectors know best. May be empty.
  std::function<std::vector<v1::Diagnostic>(const v1::Plan&)> validate = {};
  // The physical plan for people, for EXPLAIN. May be empty: EXPLAIN answers with the plan's operators.
  std::function<absl::StatusOr<std::string>(const v1::Plan&)> explain = {};
};

// Compiles a script. Its statements run in order over an empty catalog; all its INSERTs make one plan, or its one
// SELECT does. Touches nothing outside; bounded time and memory for any text.
Compilation Compile(std::string_view sql, const CompileOptions& options);

}  // namespace millrace::sql
