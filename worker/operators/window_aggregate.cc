#include "worker/operators/window_aggregate.h"

#include <algorithm>
#include <numeric>

#include "arrow/api.h"
#include "base/arrow_status.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/expression/take_rows.h"
#include "base/macros.h"
#include "worker/operators/window_state.h"
#include "worker/state_memory.h"

namespace millrace {
namespace {

constexpr size_t kRowsPerOutputBatch = 8192;

using ArrayPtr = std::shared_ptr<arrow::Array>;

absl::StatusOr<ArrayPtr> TimesOf(const std::vector<int64_t>& times, const std::shared_ptr<arrow::DataType>& type) {
  arrow::TimestampBuilder builder(type, arrow::default_memory_pool());
  RETURN_IF_ERROR(FromArrow(builder.AppendValues(times)));
  return FromArrow(builder.Finish());
}

absl::Status CheckField(const arrow::Schema& schema, int column, const arrow::DataType& expected,
                        const std::string& uid) {
  if (schema.field(column)->type()->Equals(expected)) return absl::OkStatus();
  return InvalidArgument("operator ", uid, ": output column \"", schema.field(column)->name(), "\" must be ",
                         expected.ToString(), ", and the plan says ", schema.field(column)->type()->ToString());
}

absl::Status CheckTime(const arrow::Schema& schema, int column, const std::string& uid) {
  const arrow::DataType& type = *schema.field(column)->type();
  if (type.id() == arrow::Type::TIMESTAMP &&
      static_cast<const arrow::TimestampType&>(type).unit() == arrow::TimeUnit::MICRO) {
    return absl::OkStatus();
  }
  return InvalidArgument("operator ", uid, ": output column \"", schema.field(column)->name(),
                         "\" must be a TIMESTAMP, and the plan says ", type.ToString());
}

absl::Status CheckSchemas(const std::string& uid, const WindowTables& windows, const arrow::Schema& output,
                          const arrow::Schema& late) {
  int num_keys = static_cast<int>(windows.key_columns().size());
  const auto& cells = windows.layout().cells();
  if (output.num_fields() != num_keys + 2 + static_cast<int>(cells.size())) {
    return InvalidArgument("operator ", uid,
                           ": output must be keys, window_start, window_end, aggregates: ", output.ToString());
  }
  const arrow::Schema& input = *windows.input_schema();
  for (int i = 0; i < num_keys; ++i)
    RETURN_IF_ERROR(CheckField(output, i, *input.field(windows.key_columns()[i])->type(), uid));
  RETURN_IF_ERROR(CheckTime(output, num_keys, uid));
  RETURN_IF_ERROR(CheckTime(output, num_keys + 1, uid));
  for (size_t i = 0; i < cells.size(); ++i) {
    RETURN_IF_ERROR(CheckField(output, num_keys + 2 + static_cast<int>(i), *cells[i].result, uid));
  }
  if (late.num_fields() != input.num_fields() + 2) {
    return InvalidArgument("operator ", uid,
                           ": late output must be the input's columns, window_end, watermark: ", late.ToString());
  }
  for (int i = 0; i < input.num_fields(); ++i) RETURN_IF_ERROR(CheckField(late, i, *input.field(i)->type(), uid));
  RETURN_IF_ERROR(CheckTime(late, input.num_fields(), uid));
  return CheckTime(late, input.num_fields() + 1, uid);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Operator>> WindowAggregateOperator::Make(const internal::v1::ChainNode& node) {
  if (node.input_schemas_size() < 1 || node.output_schemas_size() < 2) {
    return InvalidArgument("operator ", node.uid(),
                           ": window_aggregate needs the schemas of its input and of both outputs");
  }
  auto made = std::unique_ptr<WindowAggregateOperator>(new WindowAggregateOperator());
  made->uid_ = node.uid();
  const v1::WindowAggregate& window = node.window_aggregate();
  ASSIGN_OR_RETURN(auto input, SchemaOf(node.input_schemas(0).columns()));
  ASSIGN_OR_RETURN(made->output_schema_, SchemaOf(node.output_schemas(0).columns()));
  ASSIGN_OR_RETURN(made->late_schema_, SchemaOf(node.output_schemas(1).columns()));
  ASSIGN_OR_RETURN(made->windows_, WindowTables::Make(window, input, node.uid()));
  RETURN_IF_ERROR(CheckSchemas(made->uid_, *made->windows_, *made->output_schema_, *made->late_schema_));
  ASSIGN_OR_RETURN(KeyDecoder decoder, KeyDecoder::Make(*input, made->windows_->key_columns()));
  made->decoder_ = std::make_unique<KeyDecoder>(std::move(decoder));
  made->time_column_ = input->GetFieldIndex(window.time_column());
  return std::unique_ptr<Operator>(std::move(made));
}

absl::Status WindowAggregateOperator::Open(const OperatorContext& context) {
  key_groups_ = context.key_groups;
  num_key_groups_ = context.num_key_groups;
  memory_ = context.memory;
  watermark_ = context.restored_watermark;
  return absl::OkStatus();
}

absl::Status WindowAggregateOperator::Restore(StateBackend& backend) {
  return RestoreWindows(backend, key_groups_, *windows_,
                        [this] { return memory_ == nullptr ? absl::OkStatus() : memory_->Update(*this); });
}

absl::Status WindowAggregateOperator::ProcessBatch(uint32_t /*input*/, uint32_t port, const BatchPtr& rows,
                                                   Output& out) {
  if (rows->num_rows() == 0) return absl::OkStatus();
  if (port == 1) return windows_->AddPartials(rows, watermark_);
  std::vector<uint32_t> late;
  RETURN_IF_ERROR(windows_->Add(rows, watermark_, late));
  return late.empty() ? absl::OkStatus() : EmitLate(rows, late, out);
}

absl::Status WindowAggregateOperator::EmitLate(const BatchPtr& rows, const std::vector<uint32_t>& late, Output& out) {
  ASSIGN_OR_RETURN(BatchPtr refused, TakeRows(rows, late));
  const auto& times = static_cast<const arrow::TimestampArray&>(*refused->column(time_column_));
  std::vector<int64_t> ends(late.size());
  for (size_t i = 0; i < ends.size(); ++i) {
    ends[i] = windows_->windows().StartOf(times.Value(static_cast<int64_t>(i))) + windows_->windows().size();
  }
  int num_input_columns = rows->num_columns();
  std::vector<ArrayPtr> columns = refused->columns();
  ASSIGN_OR_RETURN(columns.emplace_back(), TimesOf(ends, late_schema_->field(num_input_columns)->type()));
  ASSIGN_OR_RETURN(columns.emplace_back(), TimesOf(std::vector<int64_t>(late.size(), watermark_),
                                                   late_schema_->field(num_input_columns + 1)->type()));
  out.Emit(1, arrow::RecordBatch::Make(late_schema_, refused->num_rows(), std::move(columns)));
  return absl::OkStatus();
}

absl::Status WindowAggregateOperator::OnWatermark(EventTimeMicros watermark, Output& out) {
  watermark_ = std::max(watermark_, watermark);
  auto& tables = windows_->tables();
  while (!tables.empty() && windows_->windows().HasPassed(tables.begin()->first, watermark_)) {
    Slice slice = tables.begin()->first;
    RETURN_IF_ERROR(Fire(slice, *tables.begin()->second, out));
    windows_->Drop(slice);
    floor_ = slice + 1;
  }
  return absl::OkStatus();
}

absl::Status WindowAggregateOperator::Fire(Slice slice, AggregateTable& table, Output& out) {
  int num_keys = static_cast<int>(windows_->key_columns().size());
  std::vector<uint32_t> groups;
  for (size_t first = 0; first < table.num_groups(); first += kRowsPerOutputBatch) {
    groups.resize(std::min(kRowsPerOutputBatch, table.num_groups() - first));
    std::iota(groups.begin(), groups.end(), static_cast<uint32_t>(first));
    for (uint32_t group : groups) RETURN_IF_ERROR(Annotate(decoder_->Append(table.key(group)), "operator ", uid_));
    ASSIGN_OR_RETURN(std::vector<ArrayPtr> columns, decoder_->Finish());
    std::vector<int64_t> starts(groups.size(), slice);
    std::vector<int64_t> ends(groups.size(), slice + windows_->windows().size());
    ASSIGN_OR_RETURN(columns.emplace_back(), TimesOf(starts, output_schema_->field(num_keys)->type()));
    ASSIGN_OR_RETURN(columns.emplace_back(), TimesOf(ends, output_schema_->field(num_keys + 1)->type()));
    for (const AggregateCell& cell : windows_->layout().cells()) {
      ASSIGN_OR_RETURN(columns.emplace_back(), windows_->layout().Finish(cell, table.cells(), groups));
    }
    out.Emit(0, arrow::RecordBatch::Make(output_schema_, static_cast<int64_t>(groups.size()), std::move(columns)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<FrozenEntries>> WindowAggregateOperator::BeforeBarrier(Epoch /*epoch*/,
                                                                                      Output& /*out*/) {
  return FreezeWindows(*windows_, num_key_groups_, std::exchange(floor_, std::nullopt));
}

}  // namespace millrace
