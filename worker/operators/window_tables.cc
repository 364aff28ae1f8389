#include "worker/operators/window_tables.h"

#include <numeric>

#include "arrow/api.h"
#include "base/arrow_status.h"
#include "base/error.h"
#include "base/expression/temporal_zone.h"
#include "base/macros.h"
#include "base/planted_bug.h"

namespace millrace {
namespace {

// Times beyond are garbage, and would overflow when a window is added.
constexpr int64_t kLargestTime = int64_t{1} << 62;
constexpr int64_t kLargestSizeMs = int64_t{1000} * 366 * 24 * 3600 * 1000;

absl::StatusOr<int> ColumnOf(const arrow::Schema& schema, const std::string& name, const std::string& uid,
                             std::string_view role) {
  int index = schema.GetFieldIndex(name);
  if (index < 0)
    return InvalidArgument("operator ", uid, ": ", role, " column is missing, or there twice: \"", name, "\"");
  return index;
}

}  // namespace

absl::StatusOr<std::unique_ptr<WindowTables>> WindowTables::Make(const v1::WindowAggregate& window,
                                                                 const std::shared_ptr<arrow::Schema>& input,
                                                                 std::string uid) {
  auto made = std::unique_ptr<WindowTables>(new WindowTables());
  if (window.size_ms() <= 0 || window.size_ms() > kLargestSizeMs) {
    return InvalidArgument("operator ", uid, ": window size must be between 1 ms and 1000 years: ", window.size_ms(),
                           " ms");
  }
  if (window.offset_ms() > kLargestSizeMs || window.offset_ms() < -kLargestSizeMs) {
    return InvalidArgument("operator ", uid, ": window offset must be within 1000 years: ", window.offset_ms(), " ms");
  }
  ASSIGN_OR_RETURN(made->time_column_, ColumnOf(*input, window.time_column(), uid, "time"));
  const arrow::DataType& time = *input->field(made->time_column_)->type();
  if (time.id() != arrow::Type::TIMESTAMP ||
      static_cast<const arrow::TimestampType&>(time).unit() != arrow::TimeUnit::MICRO) {
    return InvalidArgument("operator ", uid, ": time column must be TIMESTAMP(p) or TIMESTAMP_LTZ(p): \"",
                           window.time_column(), "\" is ", time.ToString());
  }
  // A TIMESTAMP shows what the zone's clocks do.
  const bool local = static_cast<const arrow::TimestampType&>(time).timezone().empty();
  const absl::StatusOr<absl::TimeZone> zone = SessionZone(window.zone());
  RETURN_IF_ERROR(Annotate(zone.status(), "operator ", uid));
  made->windows_ = TumblingWindows(window.size_ms(), window.offset_ms(), *zone, local);
  made->uid_ = std::move(uid);
  RETURN_IF_ERROR(made->SetGroups(window.keys(), window.aggregates(), input));
  return made;
}

absl::StatusOr<std::unique_ptr<WindowTables>> WindowTables::MakeForAllTime(const v1::GroupAggregate& group,
                                                                           const std::shared_ptr<arrow::Schema>& input,
                                                                           std::string uid) {
  auto made = std::unique_ptr<WindowTables>(new WindowTables());
  made->uid_ = std::move(uid);
  RETURN_IF_ERROR(made->SetGroups(group.keys(), group.aggregates(), input));
  return made;
}

absl::Status WindowTables::SetGroups(const google::protobuf::RepeatedPtrField<std::string>& keys,
                                     const google::protobuf::RepeatedPtrField<v1::Aggregate>& aggregates,
                                     const std::shared_ptr<arrow::Schema>& input) {
  std::vector<int> partial_keys;
  for (const std::string& key : keys) {
    ASSIGN_OR_RETURN(int column, ColumnOf(*input, key, uid_, "key"));
    partial_keys.push_back(static_cast<int>(key_columns_.size()));
    key_columns_.push_back(column);
  }
  ASSIGN_OR_RETURN(partial_schema_, PartialAggregateSchema(keys, *input));
  ASSIGN_OR_RETURN(layout_, AggregateLayout::Make(aggregates, *input));
  const auto make_encoder = [](const arrow::Schema& schema, std::span<const int> columns) -> absl::StatusOr<std::unique_ptr<KeyEncoder>> {
    ASSIGN_OR_RETURN(KeyEncoder encoder, KeyEncoder::Make(schema, columns));
    return std::make_unique<KeyEncoder>(std::move(encoder));
  };
  ASSIGN_OR_RETURN(encoder_, make_encoder(*input, key_columns_));
  ASSIGN_OR_RETURN(partial_encoder_, make_encoder(*partial_schema_, partial_keys));
  for (const AggregateCell& cell : layout_.cells()) {
    if (!cell.distinct) continue;
    std::vector<int> columns = key_columns_;
    columns.push_back(cell.column);
    Distinct& distinct = distinct_.emplace_back();
    distinct.cell = cell;
    ASSIGN_OR_RETURN(distinct.encoder, make_encoder(*input, columns));
  }
  input_schema_ = input;
  return absl::OkStatus();
}

WindowTables::SliceRows& WindowTables::RowsOf(Slice slice) {
  auto [it, is_new] = slice_index_.try_emplace(slice, num_slices_);
  if (is_new) {
    if (num_slices_ == slice_rows_.size()) slice_rows_.emplace_back();
    slice_rows_[num_slices_].slice = slice;
    slice_rows_[num_slices_].rows.clear();
    ++num_slices_;
  }
  return slice_rows_[it->second];
}

AggregateTable& WindowTables::TableOf(Slice slice) {
  std::unique_ptr<AggregateTable>& table = tables_[slice];
  if (table == nullptr) {
    table = std::make_unique<AggregateTable>(&layout_);
    num_bytes_ += table->num_bytes();
  }
  return *table;
}

AggregateTable& WindowTables::ValuesOf(Distinct& distinct, Slice slice) {
  std::unique_ptr<AggregateTable>& table = distinct.values[slice];
  if (table == nullptr) {
    table = std::make_unique<AggregateTable>(&value_layout_);
    num_bytes_ += table->num_bytes();
  }
  return *table;
}

absl::Status WindowTables::AssignSlices(const BatchPtr& rows, EventTimeMicros passed, std::vector<uint32_t>& refused) {
  if (time_column_ < 0) {
    slice_index_.clear();
    num_slices_ = 0;
    std::vector<uint32_t>& all = RowsOf(0).rows;
    all.resize(static_cast<size_t>(rows->num_rows()));
    std::iota(all.begin(), all.end(), 0u);
    return absl::OkStatus();
  }
  const auto& times = static_cast<const arrow::TimestampArray&>(*rows->column(time_column_));
  const std::string& name = input_schema_->field(time_column_)->name();
  if (times.null_count() > 0) {
    return InvalidArgument("operator ", uid_,
                           ": a row's time is NULL; filter such rows out before the window: column \"", name, "\"");
  }
  slice_index_.clear();
  num_slices_ = 0;
  const int64_t* values = times.raw_values();
  size_t current = 0;
  TumblingWindows::Cut cut;
  bool is_open = false;
  for (uint32_t row = 0; row < static_cast<uint32_t>(times.length()); ++row) {
    int64_t time = values[row];
    if (time < cut.from || time >= cut.until) {
      if (time > kLargestTime || time < -kLargestTime) {
        return InvalidArgument("operator ", uid_,
                               ": a row's time is out of range; filter such rows out before the window: column \"",
                               name, "\": ", time, " µs");
      }
      cut = windows_.CutAt(time);
      is_open = !windows_.HasPassed(cut.start, passed);
      if (MILLRACE_PLANTED(late_by_one) && passed == cut.start + windows_.size() - kMicrosPerMilli) is_open = true;
      if (is_open) current = static_cast<size_t>(&RowsOf(cut.start) - slice_rows_.data());
    }
    if (is_open) {
      slice_rows_[current].rows.push_back(row);
    } else {
      refused.push_back(row);
    }
  }
  return absl::OkStatus();
}

void WindowTables::FindGroups(std::span<const uint32_t> rows, AggregateTable& table) {
  slice_keys_.resize(rows.size());
  hashes_.resize(rows.size());
  groups_.resize(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    slice_keys_[i] = keys_[rows[i]];
    hashes_[i] = HashKeyBytes(slice_keys_[i]);
  }
  table.FindOrInsert(slice_keys_, hashes_, groups_);
  table.MarkDirty(groups_);
}

absl::Status WindowTables::Add(const BatchPtr& rows, EventTimeMicros passed, std::vector<uint32_t>& refused) {
  if (rows->schema() != input_schema_ && !rows->schema()->Equals(*input_schema_, /*check_metadata=*/false)) {
    return InvalidArgument("operator ", uid_,
                           ": a batch has another schema than the plan: ", rows->schema()->ToString());
  }
  RETURN_IF_ERROR(AssignSlices(rows, passed, refused));
  if (num_slices_ == 0) return absl::OkStatus();
  RETURN_IF_ERROR(Annotate(encoder_->Encode(*rows, keys_), "operator ", uid_));
  for (Distinct& distinct : distinct_) {
    RETURN_IF_ERROR(Annotate(distinct.encoder->Encode(*rows, distinct.rows), "operator ", uid_));
  }
  for (size_t i = 0; i < num_slices_; ++i) {
    AggregateTable& table = TableOf(slice_rows_[i].slice);
    const size_t bytes_before = table.num_bytes();
    FindGroups(slice_rows_[i].rows, table);
    layout_.Update(*rows, slice_rows_[i].rows, groups_, table.cells());
    AddDistinct(*rows, slice_rows_[i], table);
    num_bytes_ += table.num_bytes() - bytes_before;
  }
  return absl::OkStatus();
}

void WindowTables::AddDistinct(const arrow::RecordBatch& batch, const SliceRows& rows, AggregateTable& table) {
  for (Distinct& distinct : distinct_) {
    const std::shared_ptr<arrow::Array> values = batch.column(distinct.cell.column);
    const std::shared_ptr<arrow::Array> filter = distinct.cell.filter < 0 ? nullptr : batch.column(distinct.cell.filter);
    std::vector<std::string_view> keys;
    std::vector<uint64_t> hashes;
    std::vector<size_t> places;  // in rows.rows
    for (size_t i = 0; i < rows.rows.size(); ++i) {
      const uint32_t row = rows.rows[i];
      if (values->IsNull(row)) continue;
      if (filter != nullptr && (filter->IsNull(row) || !static_cast<const arrow::BooleanArray&>(*filter).Value(row))) continue;
      keys.push_back(distinct.rows[row]);
      hashes.push_back(HashKeyBytes(keys.back()));
      places.push_back(i);
    }
    AggregateTable& seen = ValuesOf(distinct, rows.slice);
    const size_t bytes_before = seen.num_bytes();
    auto next = static_cast<uint32_t>(seen.num_groups());
    std::vector<uint32_t> found(keys.size());
    seen.FindOrInsert(keys, hashes, found);
    std::vector<uint32_t> first_rows;
    std::vector<uint32_t> first_groups;
    std::vector<uint32_t> fresh;
    for (size_t i = 0; i < found.size(); ++i) {
      // New ones are numbered in the order in which they come.
      if (found[i] != next) continue;
      ++next;
      seen.cells().words[found[i]] = KeyGroupOfHash(hashes_[places[i]]);
      fresh.push_back(found[i]);
      first_rows.push_back(rows.rows[places[i]]);
      first_groups.push_back(groups_[places[i]]);
    }
    seen.MarkDirty(fresh);
    AggregateLayout::UpdateCell(distinct.cell, batch, first_rows, first_groups, table.cells());
    num_bytes_ += seen.num_bytes() - bytes_before;
  }
}

absl::Status WindowTables::AddPartials(const BatchPtr& partials, EventTimeMicros passed) {
  if (!partials->schema()->Equals(*partial_schema_, /*check_metadata=*/false)) {
    return Internal("operator ", uid_, ": partial aggregates have another schema: ", partials->schema()->ToString());
  }
  const auto& slices = static_cast<const arrow::Int64Array&>(*partials->column(partials->num_columns() - 2));
  const auto& packed = static_cast<const arrow::BinaryArray&>(*partials->column(partials->num_columns() - 1));
  slice_index_.clear();
  num_slices_ = 0;
  for (uint32_t row = 0; row < static_cast<uint32_t>(slices.length()); ++row) {
    Slice slice = slices.Value(row);
    if (windows_.HasPassed(slice, passed)) {
      return Internal("operator ", uid_,
                      ": a combiner sent partial aggregates of a window that has passed: window_start ", slice,
                      " µs, watermark ", passed, " µs");
    }
    RowsOf(slice).rows.push_back(row);
  }
  RETURN_IF_ERROR(Annotate(partial_encoder_->Encode(*partials, keys_), "operator ", uid_));
  for (size_t i = 0; i < num_slices_; ++i) {
    AggregateTable& table = TableOf(slice_rows_[i].slice);
    const size_t bytes_before = table.num_bytes();
    FindGroups(slice_rows_[i].rows, table);
    for (size_t j = 0; j < groups_.size(); ++j) {
      RETURN_IF_ERROR(Annotate(layout_.Merge(packed.GetView(slice_rows_[i].rows[j]), groups_[j], table.cells()),
                               "operator ", uid_));
    }
    num_bytes_ += table.num_bytes() - bytes_before;
  }
  return absl::OkStatus();
}

absl::Status WindowTables::AddStored(Slice slice, std::string_view key, std::string_view packed) {
  AggregateTable& table = TableOf(slice);
  uint64_t hash = HashKeyBytes(key);
  uint32_t group = 0;
  const size_t bytes_before = table.num_bytes();
  table.FindOrInsert({&key, 1}, {&hash, 1}, {&group, 1});
  absl::Status merged = layout_.Merge(packed, group, table.cells());
  num_bytes_ += table.num_bytes() - bytes_before;
  return Annotate(merged, "operator ", uid_);
}

void WindowTables::AddStoredValue(Slice slice, size_t number, KeyGroup group, std::string_view key_and_value) {
  AggregateTable& seen = ValuesOf(distinct_[number], slice);
  uint64_t hash = HashKeyBytes(key_and_value);
  uint32_t found = 0;
  const size_t bytes_before = seen.num_bytes();
  seen.FindOrInsert({&key_and_value, 1}, {&hash, 1}, {&found, 1});
  seen.cells().words[found] = group;
  num_bytes_ += seen.num_bytes() - bytes_before;
}

void WindowTables::AddEmpty(Slice slice, std::string_view key) {
  AggregateTable& table = TableOf(slice);
  uint64_t hash = HashKeyBytes(key);
  uint32_t group = 0;
  const size_t bytes_before = table.num_bytes();
  table.FindOrInsert({&key, 1}, {&hash, 1}, {&group, 1});
  num_bytes_ += table.num_bytes() - bytes_before;
}

OperatorFigures WindowTables::figures() const {
  OperatorFigures figures;
  figures.num_windows = tables_.size();
  for (const auto& [slice, table] : tables_) figures.num_keys += table->num_groups();
  figures.num_bytes = num_bytes_;
  return figures;
}

void WindowTables::Drop(Slice slice) {
  const auto drop = [&](std::map<Slice, std::unique_ptr<AggregateTable>>& tables) {
    auto found = tables.find(slice);
    if (found == tables.end()) return;
    num_bytes_ -= found->second->num_bytes();
    tables.erase(found);
  };
  drop(tables_);
  for (Distinct& distinct : distinct_) drop(distinct.values);
}

void WindowTables::Clear() {
  tables_.clear();
  for (Distinct& distinct : distinct_) distinct.values.clear();
  num_bytes_ = 0;
}

absl::StatusOr<std::shared_ptr<arrow::Schema>> PartialAggregateSchema(
    const google::protobuf::RepeatedPtrField<std::string>& keys, const arrow::Schema& input) {
  arrow::FieldVector fields;
  for (const std::string& key : keys) {
    auto field = input.GetFieldByName(key);
    if (field == nullptr) return InvalidArgument("aggregate: key column is missing, or there twice: \"", key, "\"");
    fields.push_back(std::move(field));
  }
  fields.push_back(arrow::field("__slice", arrow::int64(), false));
  fields.push_back(arrow::field("__aggregates", arrow::binary(), false));
  return arrow::schema(std::move(fields));
}

}  // namespace millrace
