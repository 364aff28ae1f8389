#include "worker/operators/sort.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "arrow/api.h"
#include "arrow/io/memory.h"
#include "arrow/ipc/api.h"
#include "base/arrow_status.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/macros.h"
#include "state/state_key.h"
#include "worker/row_bytes.h"
#include "worker/state_memory.h"

namespace millrace {
namespace {

constexpr TableId kSortTable = 2;
constexpr size_t kRowsPerOutputBatch = 8192;
// So many rows more than are kept, and as many again as are, make a round of pruning worth its while.
constexpr uint64_t kFewRows = 8192;

KeyGroup GroupOfAllRows(uint32_t num_key_groups) { return KeyGroupOfHash(HashKeyBytes(""), num_key_groups); }

std::string ChunkKey(uint32_t num_key_groups, uint64_t number) {
  std::string bytes(sizeof(number), '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(number >> (8 * (bytes.size() - 1 - i)));
  return EncodeStateKey({GroupOfAllRows(num_key_groups), kSortTable, 0, bytes});
}

absl::StatusOr<uint64_t> ChunkNumber(std::string_view state_key) {
  ASSIGN_OR_RETURN(StateKey parsed, ParseStateKey(state_key));
  if (parsed.key.size() != sizeof(uint64_t)) return DataLoss("read sorted rows: a chunk has a key of ", parsed.key.size(), " bytes");
  uint64_t number = 0;
  for (char c : parsed.key) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

// Chunks that have come or gone since the last barrier.
class FrozenChunks final : public FrozenEntries {
 public:
  FrozenChunks(std::vector<std::pair<uint64_t, BatchPtr>> added, std::vector<uint64_t> dropped, uint32_t num_key_groups)
      : added_(std::move(added)), dropped_(std::move(dropped)), num_key_groups_(num_key_groups) {
    for (const auto& [number, rows] : added_) num_bytes_ += RowBytes(*rows);
  }
  uint64_t num_bytes() const override { return num_bytes_; }

  absl::Status WriteTo(StateBackend& backend) override {
    std::vector<std::pair<std::string, std::shared_ptr<arrow::Buffer>>> entries;
    for (uint64_t number : dropped_) entries.emplace_back(ChunkKey(num_key_groups_, number), nullptr);
    for (const auto& [number, rows] : added_) {
      ASSIGN_OR_RETURN(auto bytes, FromArrow(arrow::ipc::SerializeRecordBatch(*rows, arrow::ipc::IpcWriteOptions::Defaults())));
      entries.emplace_back(ChunkKey(num_key_groups_, number), std::move(bytes));
    }
    added_.clear();
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<StateWrite> writes;
    for (const auto& [key, bytes] : entries) {
      writes.push_back({key, bytes == nullptr ? std::nullopt : std::optional(std::string_view(*bytes))});
    }
    return backend.Write(writes);
  }

 private:
  std::vector<std::pair<uint64_t, BatchPtr>> added_;
  const std::vector<uint64_t> dropped_;
  const uint32_t num_key_groups_;
  uint64_t num_bytes_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Operator>> SortOperator::Make(const internal::v1::ChainNode& node) {
  const v1::Sort& sort = node.sort();
  if (node.input_schemas().empty()) return InvalidArgument("operator ", node.uid(), ": sort needs the schema of its input");
  if (sort.offset() < 0 || sort.limit() < 0) {
    return InvalidArgument("operator ", node.uid(), ": offset and limit are 0 or more: ", sort.offset(), ", ", sort.limit());
  }
  ASSIGN_OR_RETURN(auto schema, SchemaOf(node.input_schemas(0).columns()));
  absl::StatusOr<SortKeyEncoder> encoder = SortKeyEncoder::Make(*schema, sort.keys());
  if (!encoder.ok()) return Annotate(encoder.status(), "operator ", node.uid());
  auto made = std::unique_ptr<SortOperator>(new SortOperator(std::move(schema), *std::move(encoder)));
  made->offset_ = static_cast<uint64_t>(sort.offset());
  // Both are at most 2^63 − 1.
  if (sort.has_limit()) made->most_ = made->offset_ + static_cast<uint64_t>(sort.limit());
  return std::unique_ptr<Operator>(std::move(made));
}

absl::Status SortOperator::Open(const OperatorContext& context) {
  key_groups_ = context.key_groups;
  num_key_groups_ = context.num_key_groups;
  memory_ = context.memory;
  ended_ = context.restored_watermark == kFinalWatermark;
  return absl::OkStatus();
}

absl::Status SortOperator::AddChunk(uint64_t number, std::string_view bytes) {
  arrow::io::BufferReader reader(arrow::Buffer::FromString(std::string(bytes)));
  auto rows = arrow::ipc::ReadRecordBatch(schema_, nullptr, arrow::ipc::IpcReadOptions::Defaults(), &reader);
  if (!rows.ok() || !(*rows)->ValidateFull().ok()) {
    return DataLoss("restore sorted rows: chunk ", number, " cannot be read: ", rows.ok() ? "its rows are damaged" : rows.status().ToString());
  }
  RETURN_IF_ERROR(encoder_.Encode(**rows, keys_));
  for (size_t i = 0; i < keys_.size(); ++i) AddEntry(std::move(keys_[i]), {number, static_cast<uint32_t>(i)});
  rows_.AddChunk(number, *std::move(rows));
  return memory_ == nullptr ? absl::OkStatus() : memory_->Update(*this);
}

absl::Status SortOperator::Restore(StateBackend& backend) {
  const KeyGroup group = GroupOfAllRows(num_key_groups_);
  if (!key_groups_.Contains(group)) return absl::OkStatus();
  absl::Status damage;
  RETURN_IF_ERROR(backend.Scan(group, kSortTable, 0, 1, [&](std::string_view key, std::string_view value) {
    absl::StatusOr<uint64_t> number = ChunkNumber(key);
    damage = number.ok() ? AddChunk(*number, value) : number.status();
    return damage.ok();
  }));
  first_dirty_ = rows_.next_number();
  return damage;
}

void SortOperator::AddEntry(std::string key, RowStore::Place place) {
  // Short ones lie in the entry itself.
  if (key.capacity() > 15) key_bytes_ += key.capacity() + 1;
  entries_.push_back({std::move(key), next_arrival_++, place});
}

absl::Status SortOperator::ProcessBatch(uint32_t /*input*/, uint32_t /*port*/, const BatchPtr& rows, Output& /*out*/) {
  if (rows->num_rows() == 0 || most_ == 0) return absl::OkStatus();
  if (ended_) return Internal(rows->num_rows(), " rows came behind the end of its input");
  if (rows->num_columns() != schema_->num_fields()) {
    return InvalidArgument("a batch has another schema than the plan: ", rows->schema()->ToString());
  }
  RETURN_IF_ERROR(encoder_.Encode(*rows, keys_));
  const int64_t num_rows = rows->num_rows();
  const auto is_wanted = [&](int64_t row) { return !worst_.has_value() || keys_[static_cast<size_t>(row)] < *worst_; };
  for (int64_t first = 0; first < num_rows;) {
    if (!is_wanted(first)) {
      ++first;
      continue;
    }
    int64_t end = first + 1;
    while (end < num_rows && is_wanted(end)) ++end;
    ASSIGN_OR_RETURN(RowStore::Place place, rows_.Add(*rows, first, end - first));
    for (; first < end; ++first, ++place.row) AddEntry(std::move(keys_[static_cast<size_t>(first)]), place);
  }
  return Prune();
}

absl::Status SortOperator::Prune() {
  if (!most_.has_value() || entries_.size() < kFewRows || entries_.size() - kFewRows < *most_ || entries_.size() / 2 < *most_) {
    return absl::OkStatus();
  }
  const auto most = static_cast<int64_t>(*most_);
  std::nth_element(entries_.begin(), entries_.begin() + most - 1, entries_.end());
  worst_ = entries_[static_cast<size_t>(most - 1)].key;
  entries_.resize(static_cast<size_t>(most));
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.arrival < b.arrival; });

  RETURN_IF_ERROR(rows_.Seal());
  RowStore kept(schema_, rows_.next_number());
  std::vector<RowStore::Place> places;
  for (size_t first = 0; first < entries_.size(); first += kRowsPerOutputBatch) {
    const size_t end = std::min(entries_.size(), first + kRowsPerOutputBatch);
    places.clear();
    for (size_t i = first; i < end; ++i) places.push_back(entries_[i].place);
    ASSIGN_OR_RETURN(BatchPtr rows, rows_.Gather(places));
    const uint64_t number = kept.next_number();
    for (size_t i = first; i < end; ++i) entries_[i].place = {number, static_cast<uint32_t>(i - first)};
    kept.AddChunk(number, std::move(rows));
  }
  for (const auto& [number, rows] : rows_.chunks()) {
    if (number < first_dirty_) dropped_.push_back(number);
  }
  // Whatever was not written yet is in what is kept now, or never will be.
  first_dirty_ = rows_.next_number();
  rows_ = std::move(kept);
  key_bytes_ = 0;
  for (const Entry& entry : entries_) key_bytes_ += entry.key.capacity() > 15 ? entry.key.capacity() + 1 : 0;
  return absl::OkStatus();
}

absl::Status SortOperator::OnWatermark(EventTimeMicros watermark, Output& out) {
  if (watermark != kFinalWatermark || std::exchange(ended_, true)) return absl::OkStatus();
  RETURN_IF_ERROR(rows_.Seal());
  std::sort(entries_.begin(), entries_.end());
  const size_t end = most_.has_value() ? std::min<uint64_t>(entries_.size(), *most_) : entries_.size();
  std::vector<RowStore::Place> places;
  for (size_t first = offset_; first < end; first += kRowsPerOutputBatch) {
    places.clear();
    for (size_t i = first; i < std::min(end, first + kRowsPerOutputBatch); ++i) places.push_back(entries_[i].place);
    ASSIGN_OR_RETURN(BatchPtr rows, rows_.Gather(places));
    out.Emit(0, std::move(rows));
  }
  for (const auto& [number, rows] : rows_.chunks()) {
    if (number < first_dirty_) dropped_.push_back(number);
  }
  first_dirty_ = rows_.next_number();
  rows_ = RowStore(schema_, first_dirty_);
  entries_ = {};
  key_bytes_ = 0;
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<FrozenEntries>> SortOperator::BeforeBarrier(Epoch /*epoch*/, Output& /*out*/) {
  RETURN_IF_ERROR(rows_.Seal());
  std::vector<std::pair<uint64_t, BatchPtr>> added;
  for (const auto& chunk : rows_.chunks()) {
    if (chunk.first >= first_dirty_) added.push_back(chunk);
  }
  first_dirty_ = rows_.next_number();
  if (added.empty() && dropped_.empty()) return nullptr;
  return std::make_unique<FrozenChunks>(std::move(added), std::exchange(dropped_, {}), num_key_groups_);
}

OperatorFigures SortOperator::figures() const {
  OperatorFigures figures;
  figures.num_keys = entries_.size();
  figures.num_bytes = num_bytes();
  return figures;
}

uint64_t SortOperator::num_bytes() const { return rows_.num_bytes() + key_bytes_ + entries_.capacity() * sizeof(Entry); }

}  // namespace millrace
