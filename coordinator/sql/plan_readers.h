#pragma once

#include <map>
#include <string>
#include <vector>

#include "coordinator/sql/logical_plan.h"

namespace millrace::sql {

// How many inputs of reachable nodes read a node.
class PlanReaders {
 public:
  explicit PlanReaders(const std::vector<LogicalNode*>& sinks) { Refresh(sinks); }
  void Refresh(const std::vector<LogicalNode*>& sinks);
  int Count(const LogicalNode* node) const;

 private:
  std::map<const LogicalNode*, int> counts_;
};

// Whoever read the node's main output reads what the node reads.
void Bypass(LogicalNode& node, const std::vector<LogicalNode*>& sinks);

// Names that are not among the keys stay.
void RenameColumns(v1::Expression& expression, const std::map<std::string, std::string>& names);

}  // namespace millrace::sql
