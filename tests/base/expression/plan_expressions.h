#pragma once

#include <optional>
#include <string>
#include <vector>

#include "millrace/v1/plan.pb.h"

// Expressions of the plan, written by hand.
namespace millrace::plan_expressions {

inline v1::Expression Column(const std::string& name) {
  v1::Expression expression;
  expression.set_column(name);
  return expression;
}

// Without a value: NULL.
inline v1::Expression Literal(const std::string& type, const std::optional<std::string>& value = std::nullopt) {
  v1::Expression expression;
  expression.mutable_literal()->set_type(type);
  if (value) expression.mutable_literal()->set_value(*value);
  return expression;
}

inline v1::Expression Call(const std::string& function, const std::vector<v1::Expression>& args,
                           const std::string& zone = "") {
  v1::Expression expression;
  expression.mutable_call()->set_function(function);
  expression.mutable_call()->set_zone(zone);
  for (const v1::Expression& arg : args) *expression.mutable_call()->add_args() = arg;
  return expression;
}

inline v1::Expression Cast(const v1::Expression& operand, const std::string& type,
                           v1::CastMode mode = v1::CAST_MODE_UNSPECIFIED, const std::string& zone = "") {
  v1::Expression expression;
  *expression.mutable_cast()->mutable_operand() = operand;
  expression.mutable_cast()->set_type(type);
  expression.mutable_cast()->set_mode(mode);
  expression.mutable_cast()->set_zone(zone);
  return expression;
}

}  // namespace millrace::plan_expressions
