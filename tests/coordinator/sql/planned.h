#pragma once

#include <string>
#include <vector>

#include "coordinator/sql/catalog.h"
#include "coordinator/sql/diagnostic.h"
#include "coordinator/sql/planner.h"

namespace millrace::sql {

// Puts the tables and views of a script's CREATE statements into the catalog. Fails the test at what is wrong with
// them.
void Declare(const std::string& sql, Catalog& catalog);

// What became of a script's queries and INSERTs.
struct Planned {
  std::vector<ResultColumn> columns;  // of its SELECT
  std::vector<Diagnostic> diagnostics;
  v1::Plan plan;
};
Planned PlanOf(const std::string& sql, const Catalog& catalog, const Session& session = {});

// "id INT NOT NULL, n BIGINT"
std::string TextOf(const std::vector<ResultColumn>& columns);
// A line per operator: uid: what it does <- its inputs.
std::string TextOf(const v1::Plan& plan);
std::string TextOf(const v1::Expression& expression);

// What coordinator/plan has against the plan and against running it on several subtasks; "" if nothing.
std::string MistakesOf(const v1::Plan& plan);

}  // namespace millrace::sql
