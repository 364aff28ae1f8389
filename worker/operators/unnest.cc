#include "worker/operators/unnest.h"

#include <utility>

#include "arrow/api.h"
#include "arrow/compute/api.h"
#include "base/arrow_status.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {
namespace {

// However long arrays are, what is handed on at once is not.
constexpr size_t kRowsPerOutputBatch = 8192;

using ArrayPtr = std::shared_ptr<arrow::Array>;

// What an element becomes, without its number.
std::vector<std::shared_ptr<arrow::DataType>> ElementTypes(const arrow::DataType& nested) {
  std::vector<std::shared_ptr<arrow::DataType>> types;
  if (nested.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(nested);
    return {map.key_type(), map.item_type()};
  }
  if (nested.id() != arrow::Type::LIST) return types;
  const auto& item = static_cast<const arrow::ListType&>(nested).value_type();
  if (item->id() != arrow::Type::STRUCT) return {item};
  for (const auto& field : item->fields()) types.push_back(field->type());
  return types;
}

absl::StatusOr<ArrayPtr> Take(const ArrayPtr& values, const ArrayPtr& indices) {
  ASSIGN_OR_RETURN(arrow::Datum taken, FromArrow(arrow::compute::Take(values, indices, arrow::compute::TakeOptions::NoBoundsCheck())));
  return taken.make_array();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Operator>> UnnestOperator::Make(const internal::v1::ChainNode& node) {
  if (node.input_schemas().empty() || node.output_schemas().empty()) {
    return InvalidArgument("operator ", node.uid(), ": unnest needs the schemas of its input and its output");
  }
  const v1::Unnest& unnest = node.unnest();
  auto made = std::unique_ptr<UnnestOperator>(new UnnestOperator());
  ASSIGN_OR_RETURN(auto input, SchemaOf(node.input_schemas(0).columns()));
  ASSIGN_OR_RETURN(made->schema_, SchemaOf(node.output_schemas(0).columns()));
  made->uid_ = node.uid();
  made->column_ = input->GetFieldIndex(unnest.column());
  made->ordinality_ = unnest.ordinality();
  made->outer_ = unnest.outer();
  if (made->column_ < 0) return InvalidArgument("operator ", node.uid(), ": no column \"", unnest.column(), "\" arrives");
  std::vector<std::shared_ptr<arrow::DataType>> expected;
  for (const auto& field : input->fields()) expected.push_back(field->type());
  const auto added = ElementTypes(*input->field(made->column_)->type());
  if (added.empty()) return InvalidArgument("operator ", node.uid(), ": \"", unnest.column(), "\" is no ARRAY and no MAP");
  expected.insert(expected.end(), added.begin(), added.end());
  if (made->ordinality_) expected.push_back(arrow::int32());
  bool same = made->schema_->num_fields() == static_cast<int>(expected.size());
  for (int i = 0; same && i < made->schema_->num_fields(); ++i) same = made->schema_->field(i)->type()->Equals(*expected[static_cast<size_t>(i)]);
  if (!same) {
    return InvalidArgument("operator ", node.uid(), ": output must be the input's columns, then the element's: ", made->schema_->ToString());
  }
  return std::unique_ptr<Operator>(std::move(made));
}

absl::Status UnnestOperator::ProcessBatch(uint32_t /*input*/, uint32_t /*port*/, const BatchPtr& rows, Output& out) {
  // A MAP is a list of entries.
  const auto& nested = static_cast<const arrow::ListArray&>(*rows->column(column_));
  Picked picked;
  for (int64_t row = 0; row < nested.length(); ++row) {
    const int64_t first = nested.value_offset(row);
    const int64_t num_elements = nested.IsNull(row) ? 0 : nested.value_length(row);
    for (int64_t i = 0; i < num_elements; ++i) {
      picked.rows.push_back(static_cast<uint32_t>(row));
      picked.elements.push_back(first + i);
      picked.numbers.push_back(static_cast<int32_t>(i + 1));
      if (picked.rows.size() == kRowsPerOutputBatch) RETURN_IF_ERROR(Emit(rows, nested, picked, out));
    }
    if (num_elements == 0 && outer_) {
      picked.rows.push_back(static_cast<uint32_t>(row));
      picked.elements.push_back(-1);
      picked.numbers.push_back(0);
    }
    if (picked.rows.size() >= kRowsPerOutputBatch) RETURN_IF_ERROR(Emit(rows, nested, picked, out));
  }
  return picked.rows.empty() ? absl::OkStatus() : Emit(rows, nested, picked, out);
}

absl::Status UnnestOperator::Emit(const BatchPtr& rows, const arrow::Array& nested, Picked& picked, Output& out) const {
  arrow::Int64Builder element_builder;
  arrow::Int32Builder number_builder;
  for (size_t i = 0; i < picked.elements.size(); ++i) {
    const bool none = picked.elements[i] < 0;
    RETURN_IF_ERROR(FromArrow(none ? element_builder.AppendNull() : element_builder.Append(picked.elements[i])));
    RETURN_IF_ERROR(FromArrow(none ? number_builder.AppendNull() : number_builder.Append(picked.numbers[i])));
  }
  const std::vector<uint32_t> taken = std::exchange(picked, {}).rows;
  const auto num_rows = static_cast<int64_t>(taken.size());
  const ArrayPtr row_indices = std::make_shared<arrow::UInt32Array>(num_rows, arrow::Buffer::Wrap(taken));
  ASSIGN_OR_RETURN(ArrayPtr element_indices, FromArrow(element_builder.Finish()));
  std::vector<ArrayPtr> columns;
  for (const ArrayPtr& column : rows->columns()) {
    ASSIGN_OR_RETURN(columns.emplace_back(), Take(column, row_indices));
  }
  if (nested.type_id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapArray&>(nested);
    ASSIGN_OR_RETURN(columns.emplace_back(), Take(map.keys(), element_indices));
    ASSIGN_OR_RETURN(columns.emplace_back(), Take(map.items(), element_indices));
  } else {
    const ArrayPtr& values = static_cast<const arrow::ListArray&>(nested).values();
    ASSIGN_OR_RETURN(ArrayPtr taken, Take(values, element_indices));
    if (values->type_id() == arrow::Type::STRUCT) {
      // Fields of a row that is NULL are.
      ASSIGN_OR_RETURN(auto fields, FromArrow(static_cast<const arrow::StructArray&>(*taken).Flatten()));
      columns.insert(columns.end(), fields.begin(), fields.end());
    } else {
      columns.push_back(std::move(taken));
    }
  }
  if (ordinality_) {
    ASSIGN_OR_RETURN(columns.emplace_back(), FromArrow(number_builder.Finish()));
  }
  out.EmitFrom(0, arrow::RecordBatch::Make(schema_, num_rows, std::move(columns)), &taken);
  return absl::OkStatus();
}

}  // namespace millrace
