#pragma once

#include <string>
#include <vector>

#include "coordinator/sql/ast.h"
#include "coordinator/sql/unparser.h"

// The pieces that Unparse is made of; for the unparser's own files.
namespace millrace::sql::unparse {

// How tightly an expression holds together, as the grammar has it.
enum class Binding { kOr, kAnd, kNot, kTest, kComparison, kPredicate, kDistinct, kSum, kProduct, kSign, kPrimary };

Binding Tighter(Binding binding);

// In parentheses if it holds less tightly than `least`.
std::string Write(const Expression& expression, Binding least);
// With commas between.
std::string Write(const std::vector<Expression>& expressions);
std::string Write(const std::vector<OrderItem>& items);
// (a, b), with parentheses; "" if there are none.
std::string Write(const std::vector<Identifier>& names);
std::string Write(const IntervalUnit& unit);
std::string Write(const Symbol& symbol);
std::string Write(const FunctionCall& call);
std::string Write(const WindowSpecification& window);
// "/*+ … */ ", with a space behind it, or "".
std::string Write(const std::vector<Hint>& hints);
// ('k' = 'v', …), with parentheses.
std::string Write(const std::vector<Option>& options);

}  // namespace millrace::sql::unparse
