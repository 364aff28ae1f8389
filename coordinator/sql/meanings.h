#pragma once

#include <map>
#include <string>
#include <utility>

#include "coordinator/sql/logical_plan.h"

namespace millrace::sql {

// What the rows of nodes are, as digests that are equal for equal meaning: tables, conditions, windows, keys and
// aggregates count; names that a query gives, the order of columns and columns that nobody looks at do not.
//
// Borrows the nodes it is asked about, which must not change. Remembers, so that a plan takes linear time.
class Meanings {
 public:
  const std::string& Of(const LogicalNode& node);

 private:
  std::string Write(const LogicalNode& node);
  std::string InputsOf(const LogicalNode& node);
  // A column or an expression over the node, in terms of the columns of tables and aggregates.
  const std::string& Column(const std::string& name, const LogicalNode& node);
  std::string WriteColumn(const std::string& name, const LogicalNode& node);
  std::string Expression(const v1::Expression& expression, const LogicalNode& input);
  template <typename Keys, typename Aggregates>
  std::string Grouping(const Keys& keys, const Aggregates& aggregates, const LogicalNode& input);

  std::map<const LogicalNode*, std::string> nodes_;
  std::map<std::pair<const LogicalNode*, std::string>, std::string> columns_;
};

}  // namespace millrace::sql
