#pragma once

#include <optional>
#include <vector>

#include "coordinator/sql/ast.h"
#include "coordinator/sql/bind_expression.h"
#include "coordinator/sql/diagnostic.h"

namespace millrace::sql {

// Constants with Flink's types: 'abc' is CHAR(3) NOT NULL, 1 INT, 10000000000 BIGINT, 1.5 DECIMAL(2, 1), 1e0 DOUBLE.
// A bare NULL has the type UntypedNull. nullopt: not a value, and a diagnostic says what would be.
// `negative`: a minus stands in front of the number.
std::optional<TypedExpression> BindLiteral(const Literal& literal, bool negative, const SourceRange& range,
                                           std::vector<Diagnostic>& diagnostics);
std::optional<TypedExpression> BindInterval(const IntervalLiteral& literal, const SourceRange& range,
                                            std::vector<Diagnostic>& diagnostics);

// Months, or milliseconds, of an interval's text.
std::optional<int64_t> IntervalValue(const IntervalLiteral& literal);

TypedExpression StringConstant(std::string_view text);
TypedExpression IntConstant(int64_t value);
TypedExpression BooleanConstant(bool value);
TypedExpression NullConstant(const DataType& type);

// The constant as one of `to`, where its text says the same value there: 1 as BIGINT or DECIMAL, 'a' as STRING.
std::optional<TypedExpression> ConstantAs(const TypedExpression& constant, const DataType& to);

}  // namespace millrace::sql
