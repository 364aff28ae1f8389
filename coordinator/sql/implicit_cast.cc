#include <algorithm>
#include <array>

#include "arrow/type.h"
#include "arrow/type_traits.h"
#include "coordinator/sql/bind_expression.h"
#include "coordinator/sql/expression_binder.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/sql_types.h"

namespace millrace::sql {
namespace {

using Id = arrow::Type;

// TINYINT to DOUBLE; −1: another type.
int IntegerRank(const DataType& type) {
  constexpr std::array kOrder = {Id::INT8, Id::INT16, Id::INT32, Id::INT64};
  const auto found = std::find(kOrder.begin(), kOrder.end(), type.arrow->id());
  return found == kOrder.end() ? -1 : static_cast<int>(found - kOrder.begin());
}

// Flink's implicit conversions of an assignment, but for NOT NULL.
bool IsImplicit(const DataType& from, const DataType& to) {
  if (IsSameType(from, to) || from.arrow->Equals(*to.arrow)) return true;
  const auto id = to.arrow->id();
  if (IntegerRank(to) >= 0) return IntegerRank(from) >= 0 && IntegerRank(from) <= IntegerRank(to);
  if (id == Id::DECIMAL128 || id == Id::DOUBLE) return IsNumeric(from);
  if (id == Id::FLOAT) return IsNumeric(from) && from.arrow->id() != Id::DOUBLE;
  if (id == Id::DATE32 || id == Id::TIME32)
    return from.arrow->id() == id || (IsTimestamp(from) && !IsZonedTimestamp(from));
  if (IsTimestamp(to)) return IsTimestamp(from);
  // Collections: their parts have to be alike; NOT NULL of a part may be given up.
  const int parts = to.arrow->num_fields();
  if (parts == 0 || from.arrow->id() != id || from.arrow->num_fields() != parts) return false;
  for (int i = 0; i < parts; ++i) {
    const auto &a = from.arrow->field(i), &b = to.arrow->field(i);
    if (a->nullable() && !b->nullable()) return false;
    if (!IsImplicit(SqlType(a->type(), true, 6), SqlType(b->type(), true, 6))) return false;
  }
  return true;
}

}  // namespace

std::optional<TypedExpression> ImplicitCast(TypedExpression expression, const DataType& to, const SourceRange& range,
                                            const Session& session, std::vector<Diagnostic>& diagnostics) {
  if (!IsImplicit(expression.type, to)) {
    ReportWrong(diagnostics, range, expression.type.sql, " does not become ", to.sql, " by itself; write CAST(… AS ",
                SpelledNullable(to), ")");
    return std::nullopt;
  }
  if (expression.type.nullable && !to.nullable) {
    ReportWrong(diagnostics, range, "this may be NULL, but ", to.sql, " is wanted; write COALESCE(…, …) around it");
    return std::nullopt;
  }
  // A length in the declaration of a table is not enforced, as in Flink: neither cut off nor filled up.
  if (IsText(to) || IsBytes(to)) return expression;
  return ConvertTo(std::move(expression), to, session);
}

}  // namespace millrace::sql
