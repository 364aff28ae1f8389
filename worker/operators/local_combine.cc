#include "worker/operators/local_combine.h"

#include <algorithm>

#include "arrow/api.h"
#include "base/arrow_status.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/expression/take_rows.h"
#include "base/macros.h"
#include "base/planted_bug.h"

namespace millrace {
namespace {

constexpr size_t kMaxGroups = 64 * 1024;
constexpr size_t kMaxBytes = 4 << 20;
constexpr uint32_t kRowsPerOutputBatch = 8192;

// When groups are sent, and were made of at least so many rows, it is judged whether that paid: sending and merging a
// group costs about as much as 2.5 rows. If not, the next rows pass uncombined; then it is tried again.
constexpr size_t kRowsPerJudgement = 32 * 1024;
constexpr size_t kRowsToBypass = 512 * 1024;
constexpr double kMostGroupsPerRow = 0.4;

}  // namespace

absl::StatusOr<std::unique_ptr<Operator>> LocalCombineOperator::Make(const internal::v1::ChainNode& node) {
  if (node.input_schemas_size() < 1)
    return InvalidArgument("operator ", node.uid(), ": a combiner needs the schema of its input");
  auto made = std::unique_ptr<LocalCombineOperator>(new LocalCombineOperator());
  made->uid_ = node.uid();
  ASSIGN_OR_RETURN(auto input, SchemaOf(node.input_schemas(0).columns()));
  made->for_all_time_ = node.has_local_group();
  if (made->for_all_time_) {
    ASSIGN_OR_RETURN(made->windows_, WindowTables::MakeForAllTime(node.local_group(), input, node.uid()));
  } else {
    ASSIGN_OR_RETURN(made->windows_, WindowTables::Make(node.local_combine(), input, node.uid()));
  }
  if (made->windows_->num_distinct() > 0) {
    return InvalidArgument("operator ", node.uid(), ": it cannot know of which values others have seen, and one is to count each once");
  }
  ASSIGN_OR_RETURN(KeyDecoder decoder, KeyDecoder::Make(*input, made->windows_->key_columns()));
  made->decoder_ = std::make_unique<KeyDecoder>(std::move(decoder));
  return std::unique_ptr<Operator>(std::move(made));
}

absl::Status LocalCombineOperator::Open(const OperatorContext& context) {
  if (context.downstream == nullptr) return Internal("operator ", uid_, ": a combiner without an exchange behind it");
  downstream_ = context.downstream;
  return absl::OkStatus();
}

absl::Status LocalCombineOperator::ProcessBatch(uint32_t /*input*/, uint32_t /*port*/, const BatchPtr& rows,
                                                Output& out) {
  auto num_rows = static_cast<size_t>(rows->num_rows());
  if (num_rows == 0) return absl::OkStatus();
  const bool may_be_late = !for_all_time_ && !downstream_->ChannelsCount() && !MILLRACE_PLANTED(activation_ignored);
  if (rows_to_bypass_ > 0 || may_be_late) {
    rows_to_bypass_ -= std::min(rows_to_bypass_, num_rows);
    out.Emit(0, rows);
    return absl::OkStatus();
  }
  auto count_groups = [&] {
    size_t groups = 0;
    for (const auto& [slice, table] : windows_->tables()) groups += table->num_groups();
    return groups;
  };
  size_t groups_before = count_groups();
  std::vector<uint32_t> refused;
  RETURN_IF_ERROR(windows_->Add(rows, for_all_time_ ? kNoWatermark : downstream_->ReachedWatermark(), refused));
  if (!refused.empty()) {
    ASSIGN_OR_RETURN(BatchPtr raw, TakeRows(rows, refused));
    out.Emit(0, std::move(raw));
  }
  size_t groups = count_groups();
  rows_combined_ += num_rows - refused.size();
  groups_made_ += groups - groups_before;
  return groups > kMaxGroups || windows_->num_bytes() > kMaxBytes ? Flush(out) : absl::OkStatus();
}

void LocalCombineOperator::JudgeRepetition() {
  if (rows_combined_ < kRowsPerJudgement) return;
  if (static_cast<double>(groups_made_) > kMostGroupsPerRow * static_cast<double>(rows_combined_))
    rows_to_bypass_ = kRowsToBypass;
  rows_combined_ = 0;
  groups_made_ = 0;
}

absl::Status LocalCombineOperator::Flush(Output& out) {
  for (auto& [slice, table] : windows_->tables()) RETURN_IF_ERROR(FlushTable(slice, *table, out));
  windows_->Clear();
  JudgeRepetition();
  return absl::OkStatus();
}

absl::Status LocalCombineOperator::FlushTable(Slice slice, AggregateTable& table, Output& out) {
  auto num_groups = static_cast<uint32_t>(table.num_groups());
  std::string packed;
  for (uint32_t first = 0; first < num_groups; first += kRowsPerOutputBatch) {
    uint32_t end = std::min(first + kRowsPerOutputBatch, num_groups);
    arrow::Int64Builder slices;
    arrow::BinaryBuilder aggregates;
    for (uint32_t group = first; group < end; ++group) {
      RETURN_IF_ERROR(Annotate(decoder_->Append(table.key(group)), "operator ", uid_));
      packed.clear();
      windows_->layout().Pack(table.cells(), group, packed);
      RETURN_IF_ERROR(FromArrow(slices.Append(slice)));
      RETURN_IF_ERROR(FromArrow(aggregates.Append(packed)));
    }
    ASSIGN_OR_RETURN(auto columns, decoder_->Finish());
    ASSIGN_OR_RETURN(columns.emplace_back(), FromArrow(slices.Finish()));
    ASSIGN_OR_RETURN(columns.emplace_back(), FromArrow(aggregates.Finish()));
    out.Emit(1, arrow::RecordBatch::Make(windows_->partial_schema(), end - first, std::move(columns)));
  }
  return absl::OkStatus();
}

absl::Status LocalCombineOperator::OnWatermark(EventTimeMicros watermark, Output& out) {
  return for_all_time_ && watermark != kFinalWatermark ? absl::OkStatus() : Flush(out);
}

absl::Status LocalCombineOperator::OnIdle(Output& out) { return for_all_time_ ? absl::OkStatus() : Flush(out); }

absl::StatusOr<std::unique_ptr<FrozenEntries>> LocalCombineOperator::BeforeBarrier(Epoch /*epoch*/, Output& out) {
  RETURN_IF_ERROR(Flush(out));
  return nullptr;
}

}  // namespace millrace
