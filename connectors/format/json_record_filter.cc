#include "connectors/format/json_record_filter.h"

#include <bit>
#include <limits>
#include <string_view>

#include "arrow/type.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {
namespace {

using internal::v1::RecordFilter;

constexpr int kMostNesting = 64;
constexpr uint32_t kMostShift = 38;

bool IsExact(arrow::Type::type type) {
  switch (type) {
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DATE32:
    case arrow::Type::TIME32:
    case arrow::Type::TIMESTAMP:
      return true;
    default:
      return false;
  }
}

bool IsReal(arrow::Type::type type) { return type == arrow::Type::FLOAT || type == arrow::Type::DOUBLE; }

// NaN is unordered: only NOT_EQUAL is true of it.
template <typename T>
bool Holds(RecordFilter::Kind kind, const T& value, const T& constant) {
  switch (kind) {
    case RecordFilter::EQUAL:
      return value == constant;
    case RecordFilter::NOT_EQUAL:
      return value != constant;
    case RecordFilter::LESS:
      return value < constant;
    case RecordFilter::LESS_EQUAL:
      return value <= constant;
    case RecordFilter::GREATER:
      return value > constant;
    default:
      return value >= constant;
  }
}

}  // namespace

absl::StatusOr<JsonRecordFilter> JsonRecordFilter::Make(const RecordFilter& filter, const arrow::Schema& records) {
  ASSIGN_OR_RETURN(Condition root, Compile(filter, records, 0));
  return JsonRecordFilter(std::move(root));
}

absl::StatusOr<JsonRecordFilter::Condition> JsonRecordFilter::Compile(const RecordFilter& filter,
                                                                      const arrow::Schema& records, int depth) {
  if (depth == kMostNesting) return InvalidArgument("record filter: it is nested deeper than ", kMostNesting);
  Condition condition;
  condition.kind = filter.kind();
  switch (filter.kind()) {
    case RecordFilter::AND:
    case RecordFilter::OR:
    case RecordFilter::NOT:
      for (const RecordFilter& part : filter.parts()) {
        ASSIGN_OR_RETURN(condition.parts.emplace_back(), Compile(part, records, depth + 1));
      }
      if (condition.parts.empty() || (filter.kind() == RecordFilter::NOT && condition.parts.size() > 1)) {
        return InvalidArgument("record filter: ", RecordFilter::Kind_Name(filter.kind()), " of ",
                               condition.parts.size(), " parts");
      }
      return condition;
    case RecordFilter::IS_NULL:
    case RecordFilter::IS_NOT_NULL:
    case RecordFilter::EQUAL:
    case RecordFilter::NOT_EQUAL:
    case RecordFilter::LESS:
    case RecordFilter::LESS_EQUAL:
    case RecordFilter::GREATER:
    case RecordFilter::GREATER_EQUAL:
      break;
    default:
      return InvalidArgument("record filter: it is of no known kind: ", static_cast<int>(filter.kind()));
  }
  const int column = records.GetFieldIndex(filter.column());
  if (column < 0) return InvalidArgument("record filter: there is no column ", filter.column());
  condition.column = static_cast<size_t>(column);
  if (filter.kind() == RecordFilter::IS_NULL || filter.kind() == RecordFilter::IS_NOT_NULL) return condition;
  RETURN_IF_ERROR(SetConstant(filter, *records.field(column)->type(), condition));
  return condition;
}

absl::Status JsonRecordFilter::SetConstant(const RecordFilter& filter, const arrow::DataType& type,
                                           Condition& condition) {
  if (filter.has_exact() && IsExact(type.id()) && filter.exact().shift() <= kMostShift) {
    condition.exact = (static_cast<__int128>(filter.exact().high()) << 64) | filter.exact().low();
    for (uint32_t digit = 0; digit < filter.exact().shift(); ++digit) condition.factor *= 10;
    condition.is_integer = type.id() != arrow::Type::DECIMAL128;
    const bool fits = condition.exact >= std::numeric_limits<int64_t>::min() &&
                      condition.exact <= std::numeric_limits<int64_t>::max();
    condition.values = condition.is_integer && condition.factor == 1 && fits ? Values::kInteger : Values::kExact;
    return absl::OkStatus();
  }
  if (filter.has_real() && IsReal(type.id())) {
    condition.values = Values::kReal;
    condition.real = filter.real();
    return absl::OkStatus();
  }
  if (filter.constant_case() == RecordFilter::kText && type.id() == arrow::Type::STRING) {
    condition.values = Values::kText;
    condition.text = filter.text();
    return absl::OkStatus();
  }
  return InvalidArgument("record filter: column ", filter.column(), " (", type.ToString(),
                         ") is not compared with such a constant");
}

bool JsonRecordFilter::Compare(const Condition& condition, const JsonCell& cell) {
  switch (condition.values) {
    case Values::kInteger:
      return Holds(condition.kind, cell.low, static_cast<int64_t>(condition.exact));
    case Values::kExact: {
      const __int128 value = condition.is_integer
                                 ? __int128{cell.low}
                                 : (static_cast<__int128>(cell.high) << 64) | static_cast<uint64_t>(cell.low);
      // A filter that the planner made does not overflow; of another one the answer does not matter, but it must be
      // one.
      __int128 shifted = 0;
      if (__builtin_mul_overflow(value, condition.factor, &shifted)) return false;
      return Holds(condition.kind, shifted, condition.exact);
    }
    case Values::kReal:
      return Holds(condition.kind, std::bit_cast<double>(cell.low), condition.real);
    default:
      return Holds(condition.kind, cell.text(), std::string_view(condition.text));
  }
}

JsonRecordFilter::Truth JsonRecordFilter::Decide(const Condition& condition, const std::vector<JsonCell>& cells,
                                                 const std::vector<uint32_t>& first_cells) {
  switch (condition.kind) {
    case RecordFilter::AND:
    case RecordFilter::OR: {
      const Truth decisive = condition.kind == RecordFilter::AND ? Truth::kFalse : Truth::kTrue;
      Truth all = condition.kind == RecordFilter::AND ? Truth::kTrue : Truth::kFalse;
      for (const Condition& part : condition.parts) {
        const Truth truth = Decide(part, cells, first_cells);
        if (truth == decisive) return truth;
        if (truth == Truth::kNull) all = Truth::kNull;
      }
      return all;
    }
    case RecordFilter::NOT: {
      const Truth truth = Decide(condition.parts.front(), cells, first_cells);
      if (truth == Truth::kNull) return truth;
      return truth == Truth::kTrue ? Truth::kFalse : Truth::kTrue;
    }
    default:
      break;
  }
  const JsonCell& cell = cells[first_cells[condition.column]];
  if (condition.kind == RecordFilter::IS_NULL) return cell.is_null ? Truth::kTrue : Truth::kFalse;
  if (condition.kind == RecordFilter::IS_NOT_NULL) return cell.is_null ? Truth::kFalse : Truth::kTrue;
  if (cell.is_null) return Truth::kNull;
  return Compare(condition, cell) ? Truth::kTrue : Truth::kFalse;
}

}  // namespace millrace
