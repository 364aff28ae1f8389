#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/expression/expression.h"

namespace millrace {

// Binds expressions to the columns of one input.
class ExpressionBinder {
 public:
  explicit ExpressionBinder(const arrow::Schema* input) : input_(input) {}  // borrowed

  // Looks for parts that occur more than once. Before all calls of Bind.
  void Count(const v1::Expression& expression);
  absl::StatusOr<ExpressionPtr> Bind(const v1::Expression& expression);

  size_t num_shared() const { return shared_.size(); }

 private:
  struct Shared {
    std::shared_ptr<const BoundExpression> expression;
    size_t number;
  };
  absl::StatusOr<ExpressionPtr> BindNew(const v1::Expression& expression);

  const arrow::Schema* const input_;
  // By the part's bytes.
  std::map<std::string, int> occurrences_;
  std::map<std::string, Shared> shared_;
};

}  // namespace millrace
