#include "worker/operators/aggregate_layout.h"

#include <algorithm>

#include "arrow/api.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {
namespace {

absl::StatusOr<AggregateFunction> FunctionOf(std::string_view name) {
  if (name == "count") return AggregateFunction::kCount;
  if (name == "sum") return AggregateFunction::kSum;
  if (name == "avg") return AggregateFunction::kAvg;
  if (name == "min") return AggregateFunction::kMin;
  if (name == "max") return AggregateFunction::kMax;
  if (name == "stddev_pop") return AggregateFunction::kStddevPop;
  if (name == "stddev_samp") return AggregateFunction::kStddevSamp;
  if (name == "var_pop") return AggregateFunction::kVarPop;
  if (name == "var_samp") return AggregateFunction::kVarSamp;
  return InvalidArgument("aggregate: there is no function \"", name, "\"");
}

bool IsExtreme(AggregateFunction function) {
  return function == AggregateFunction::kMin || function == AggregateFunction::kMax;
}

bool IsOfMoments(AggregateFunction function) {
  return function == AggregateFunction::kStddevPop || function == AggregateFunction::kStddevSamp ||
         function == AggregateFunction::kVarPop || function == AggregateFunction::kVarSamp;
}

// How a value of this type is added up or compared; nothing for types that are not.
absl::StatusOr<CellKind> KindOf(AggregateFunction function, std::string_view name, const arrow::DataType& argument) {
  using arrow::Type;
  bool extreme = IsExtreme(function);
  if (IsOfMoments(function)) {
    if (argument.id() == Type::FLOAT || argument.id() == Type::DOUBLE) return CellKind::kMoments;
    return InvalidArgument("aggregate: ", name, " does not take ", argument.ToString(), "; it takes FLOAT and DOUBLE");
  }
  switch (argument.id()) {
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
      return extreme ? CellKind::kExtremeInt : CellKind::kIntSum;
    case Type::FLOAT:
    case Type::DOUBLE:
      return extreme ? CellKind::kExtremeInt : CellKind::kDoubleSum;
    case Type::DECIMAL128:
      return extreme ? CellKind::kExtremeInt128 : CellKind::kDecimalSum;
    case Type::BOOL:
    case Type::DATE32:
    case Type::TIME32:
    case Type::TIMESTAMP:
      if (extreme) return CellKind::kExtremeInt;
      break;
    case Type::STRING:
    case Type::BINARY:
      if (extreme) return CellKind::kExtremeBytes;
      break;
    default:
      break;
  }
  return InvalidArgument(
      "aggregate: ", name, " does not take ", argument.ToString(),
      extreme ? "; it takes numbers, BOOLEAN, strings, bytes, DATE, TIME and TIMESTAMP" : "; it takes numbers");
}

uint32_t NumWords(CellKind kind) {
  switch (kind) {
    case CellKind::kCount:
      return 1;
    case CellKind::kIntSum:
    case CellKind::kDoubleSum:
    case CellKind::kExtremeInt:
      return 2;
    case CellKind::kExtremeInt128:
    case CellKind::kMoments:
      return 3;
    case CellKind::kDecimalSum:
    case CellKind::kExtremeBytes:
      return 4;
  }
  return 0;
}

}  // namespace

absl::StatusOr<std::shared_ptr<arrow::DataType>> AggregateResultArrowType(
    std::string_view function, const std::shared_ptr<arrow::DataType>& argument) {
  ASSIGN_OR_RETURN(AggregateFunction parsed, FunctionOf(function));
  if (parsed == AggregateFunction::kCount) return arrow::int64();
  if (argument == nullptr) return InvalidArgument("aggregate: ", function, " needs a column");
  ASSIGN_OR_RETURN(CellKind kind, KindOf(parsed, function, *argument));
  if (kind != CellKind::kDecimalSum) return argument;
  int32_t scale = static_cast<const arrow::Decimal128Type&>(*argument).scale();
  return arrow::decimal128(38, parsed == AggregateFunction::kAvg ? std::max<int32_t>(6, scale) : scale);
}

AggregateLayout AggregateLayout::OfOneWord() {
  AggregateLayout layout;
  layout.stride_ = 1;
  return layout;
}

absl::StatusOr<AggregateLayout> AggregateLayout::Make(const google::protobuf::RepeatedPtrField<v1::Aggregate>& aggregates,
                                                      const arrow::Schema& input) {
  AggregateLayout layout;
  for (const v1::Aggregate& aggregate : aggregates) {
    AggregateCell cell;
    ASSIGN_OR_RETURN(cell.function, FunctionOf(aggregate.function()));
    if (!aggregate.column().empty()) {
      cell.column = input.GetFieldIndex(aggregate.column());
      if (cell.column < 0) {
        return InvalidArgument("aggregate: ", aggregate.function(), ": no such column, or twice: \"",
                               aggregate.column(), "\"");
      }
      cell.argument = input.field(cell.column)->type();
    }
    ASSIGN_OR_RETURN(cell.result, AggregateResultArrowType(aggregate.function(), cell.argument));
    if (cell.function == AggregateFunction::kCount) {
      cell.kind = CellKind::kCount;
    } else {
      ASSIGN_OR_RETURN(cell.kind, KindOf(cell.function, aggregate.function(), *cell.argument));
    }
    if (!aggregate.filter().empty()) {
      cell.filter = input.GetFieldIndex(aggregate.filter());
      if (cell.filter < 0 || input.field(cell.filter)->type()->id() != arrow::Type::BOOL) {
        return InvalidArgument("aggregate: ", aggregate.function(), ": no BOOLEAN column is its filter: \"", aggregate.filter(), "\"");
      }
    }
    if (aggregate.distinct() && cell.column < 0) {
      return InvalidArgument("aggregate: ", aggregate.function(), ": DISTINCT needs a column");
    }
    // The smallest of all is the smallest of each once.
    cell.distinct = aggregate.distinct() && !IsExtreme(cell.function);
    cell.word = static_cast<uint32_t>(layout.stride_);
    cell.num_words = NumWords(cell.kind);
    layout.stride_ += cell.num_words;
    layout.cells_.push_back(std::move(cell));
  }
  return layout;
}

}  // namespace millrace
