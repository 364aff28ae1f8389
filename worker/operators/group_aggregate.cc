#include "worker/operators/group_aggregate.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "arrow/api.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/macros.h"
#include "worker/operators/window_state.h"
#include "worker/state_memory.h"

namespace millrace {
namespace {

constexpr size_t kRowsPerOutputBatch = 8192;
constexpr Slice kAllTime = 0;

absl::Status CheckSchema(const std::string& uid, const WindowTables& groups, const arrow::Schema& output) {
  std::vector<std::shared_ptr<arrow::DataType>> expected;
  for (int column : groups.key_columns()) expected.push_back(groups.input_schema()->field(column)->type());
  for (const AggregateCell& cell : groups.layout().cells()) expected.push_back(cell.result);
  bool same = output.num_fields() == static_cast<int>(expected.size());
  for (int i = 0; same && i < output.num_fields(); ++i) same = output.field(i)->type()->Equals(*expected[static_cast<size_t>(i)]);
  if (same) return absl::OkStatus();
  return InvalidArgument("operator ", uid, ": output must be keys, aggregates: ", output.ToString());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Operator>> GroupAggregateOperator::Make(const internal::v1::ChainNode& node) {
  if (node.input_schemas().empty() || node.output_schemas().empty()) {
    return InvalidArgument("operator ", node.uid(), ": group_aggregate needs the schemas of its input and its output");
  }
  auto made = std::unique_ptr<GroupAggregateOperator>(new GroupAggregateOperator());
  made->uid_ = node.uid();
  ASSIGN_OR_RETURN(auto input, SchemaOf(node.input_schemas(0).columns()));
  ASSIGN_OR_RETURN(made->output_schema_, SchemaOf(node.output_schemas(0).columns()));
  ASSIGN_OR_RETURN(made->groups_, WindowTables::MakeForAllTime(node.group_aggregate(), input, node.uid()));
  RETURN_IF_ERROR(CheckSchema(made->uid_, *made->groups_, *made->output_schema_));
  ASSIGN_OR_RETURN(KeyDecoder decoder, KeyDecoder::Make(*input, made->groups_->key_columns()));
  made->decoder_ = std::make_unique<KeyDecoder>(std::move(decoder));
  return std::unique_ptr<Operator>(std::move(made));
}

absl::Status GroupAggregateOperator::Open(const OperatorContext& context) {
  key_groups_ = context.key_groups;
  num_key_groups_ = context.num_key_groups;
  memory_ = context.memory;
  ended_ = context.restored_watermark == kFinalWatermark;
  return absl::OkStatus();
}

absl::Status GroupAggregateOperator::Restore(StateBackend& backend) {
  return RestoreWindows(backend, key_groups_, *groups_,
                        [this] { return memory_ == nullptr ? absl::OkStatus() : memory_->Update(*this); });
}

absl::Status GroupAggregateOperator::ProcessBatch(uint32_t /*input*/, uint32_t port, const BatchPtr& rows, Output& /*out*/) {
  if (rows->num_rows() == 0) return absl::OkStatus();
  if (ended_) return Internal(rows->num_rows(), " rows came behind the end of its input");
  if (port == 1) return groups_->AddPartials(rows, kNoWatermark);
  std::vector<uint32_t> refused;
  return groups_->Add(rows, kNoWatermark, refused);
}

absl::Status GroupAggregateOperator::OnWatermark(EventTimeMicros watermark, Output& out) {
  if (watermark != kFinalWatermark || std::exchange(ended_, true)) return absl::OkStatus();
  const bool is_owner = key_groups_.Contains(KeyGroupOfHash(HashKeyBytes(""), num_key_groups_));
  if (groups_->key_columns().empty() && is_owner) groups_->AddEmpty(kAllTime, "");
  for (auto& [slice, table] : groups_->tables()) RETURN_IF_ERROR(Emit(*table, out));
  groups_->Drop(kAllTime);
  floor_ = kAllTime + 1;
  return absl::OkStatus();
}

absl::Status GroupAggregateOperator::Emit(AggregateTable& table, Output& out) {
  std::vector<uint32_t> groups;
  for (size_t first = 0; first < table.num_groups(); first += kRowsPerOutputBatch) {
    groups.resize(std::min(kRowsPerOutputBatch, table.num_groups() - first));
    std::iota(groups.begin(), groups.end(), static_cast<uint32_t>(first));
    for (uint32_t group : groups) RETURN_IF_ERROR(Annotate(decoder_->Append(table.key(group)), "operator ", uid_));
    ASSIGN_OR_RETURN(std::vector<std::shared_ptr<arrow::Array>> columns, decoder_->Finish());
    for (const AggregateCell& cell : groups_->layout().cells()) {
      ASSIGN_OR_RETURN(columns.emplace_back(), groups_->layout().Finish(cell, table.cells(), groups));
    }
    out.Emit(0, arrow::RecordBatch::Make(output_schema_, static_cast<int64_t>(groups.size()), std::move(columns)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<FrozenEntries>> GroupAggregateOperator::BeforeBarrier(Epoch /*epoch*/, Output& /*out*/) {
  return FreezeWindows(*groups_, num_key_groups_, std::exchange(floor_, std::nullopt));
}

OperatorFigures GroupAggregateOperator::figures() const {
  OperatorFigures figures = groups_->figures();
  figures.num_windows = 0;
  return figures;
}

}  // namespace millrace
