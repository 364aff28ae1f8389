#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/data_type.h"
#include "coordinator/sql/bind_expression.h"
#include "millrace/v1/plan.pb.h"

namespace millrace::sql {

// A column that a node hands on.
struct PlanColumn {
  std::string name;
  DataType type;
  // Carries the event time that the node's watermarks speak of.
  bool row_time = false;
};

// An operator of the plan before it has a uid.
struct LogicalNode {
  struct Input {
    LogicalNode* from = nullptr;
    std::string output;  // "", "late", "dead_letter"
  };
  v1::Node node;  // its kind; uid and inputs are filled in at the end
  std::vector<Input> inputs;
  std::vector<PlanColumn> columns;
  bool bounded = false;
  // What the uid of a source or sink begins with: the table's name.
  std::string name;
  // Set by /*+ UID('…') */.
  std::string uid;

  const PlanColumn* Find(std::string_view column) const;
};

struct NamedColumn {
  std::string name;
  TypedExpression expression;
};

// Owns the nodes of a script's plan; nodes that no sink leads to are left out at the end.
class LogicalPlan {
 public:
  LogicalNode* Add(LogicalNode node);
  // A source for the table of VALUES, SELECT without FROM and the like.
  LogicalNode* AddValues(const std::vector<PlanColumn>& columns, const std::string& json_rows);
  LogicalNode* AddFilter(LogicalNode* input, v1::Expression condition);
  // Names must be different.
  LogicalNode* AddProject(LogicalNode* input, const std::vector<NamedColumn>& columns);
  // Inputs have the same columns in the same order; one input is itself.
  LogicalNode* AddUnion(const std::vector<LogicalNode*>& inputs);

  const std::vector<std::unique_ptr<LogicalNode>>& nodes() const { return nodes_; }

 private:
  std::vector<std::unique_ptr<LogicalNode>> nodes_;
};

// Hands out names that were not handed out before: a, a0, a1, as Flink names columns apart.
class UniqueNames {
 public:
  std::string Take(const std::string& wanted);
  bool Has(const std::string& name) const;

 private:
  std::vector<std::string> taken_;
};

// A column of the node, as an expression over it.
TypedExpression ColumnOf(const PlanColumn& column);
// Names of the columns that the expression reads.
void CollectColumns(const v1::Expression& expression, std::vector<std::string>& names);
// Six hexadecimal digits.
std::string Digest(std::string_view text);

}  // namespace millrace::sql
