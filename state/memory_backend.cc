#include "state/memory_backend.h"

#include <algorithm>

#include "base/error.h"
#include "base/macros.h"
#include "state/snapshot_files.h"
#include "state/state_key.h"

namespace millrace {
namespace {

constexpr std::string_view kMagic = "millrace state memory-1\n";

void AppendField(std::string_view field, std::string& out) {
  uint32_t size = static_cast<uint32_t>(field.size());
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(size >> shift));
  out.append(field);
}

bool ReadField(std::string_view& in, std::string_view& field) {
  if (in.size() < 4) return false;
  uint32_t size = 0;
  for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<uint8_t>(in[i]);
  in.remove_prefix(4);
  if (in.size() < size) return false;
  field = in.substr(0, size);
  in.remove_prefix(size);
  return true;
}

}  // namespace

absl::Status MemoryStateBackend::Restore(std::span<const storage::v1::SnapshotHandle> handles, KeyGroupRange range,
                                         BlobStore& blobs) {
  if (used_) return FailedPrecondition("restore state: the backend is in use. Make a new one");
  used_ = true;
  ASSIGN_OR_RETURN(std::vector<RestorePart> parts, PlanRestore(handles, range, kFormat));
  for (const RestorePart& part : parts) {
    for (const auto& file : part.handle->files()) {
      ASSIGN_OR_RETURN(std::string bytes, GetSnapshotFile(blobs, file));
      RETURN_IF_ERROR(ReadRows(bytes, file.blob(), part.range, part.floors));
    }
  }
  floors_ = FloorsAfterRestore(parts);
  return absl::OkStatus();
}

absl::Status MemoryStateBackend::ReadRows(std::string_view file, std::string_view blob, KeyGroupRange range,
                                          const SliceFloors& floors) {
  if (!file.starts_with(kMagic))
    return DataLoss("restore from ", blob, ": it does not begin as a file of format ", kFormat);
  std::string_view rest = file.substr(kMagic.size());
  while (!rest.empty()) {
    std::string_view key;
    std::string_view value;
    if (!ReadField(rest, key) || !ReadField(rest, value)) return DataLoss("restore from ", blob, ": a row is cut off");
    ASSIGN_OR_RETURN(StateKey parsed, ParseStateKey(key));
    if (!range.Contains(parsed.group) || floors.Expired(parsed.table, parsed.slice)) continue;
    rows_.insert_or_assign(rows_.end(), std::string(key), std::string(value));
  }
  return absl::OkStatus();
}

absl::Status MemoryStateBackend::Write(std::span<const StateWrite> sorted) {
  used_ = true;
  RETURN_IF_ERROR(CheckAscending(sorted));
  for (const StateWrite& write : sorted) {
    if (write.value.has_value()) {
      rows_.insert_or_assign(std::string(write.key), std::string(*write.value));
    } else if (auto found = rows_.find(write.key); found != rows_.end()) {
      rows_.erase(found);
    }
  }
  return absl::OkStatus();
}

absl::Status MemoryStateBackend::MultiGet(std::span<const std::string_view> sorted_keys,
                                          std::vector<std::optional<std::string>>& values) {
  used_ = true;
  RETURN_IF_ERROR(CheckAscending(sorted_keys));
  values.assign(sorted_keys.size(), std::nullopt);
  for (size_t i = 0; i < sorted_keys.size(); ++i) {
    ASSIGN_OR_RETURN(StateKey key, ParseStateKey(sorted_keys[i]));
    auto found = rows_.find(sorted_keys[i]);
    if (found != rows_.end() && !floors_.Expired(key.table, key.slice)) values[i] = found->second;
  }
  return absl::OkStatus();
}

absl::Status MemoryStateBackend::Scan(KeyGroup group, TableId table, Slice first, Slice end, StateVisitor visit) {
  used_ = true;
  first = std::max(first, floors_.Of(table));
  if (first >= end) return absl::OkStatus();
  std::string upper = EncodeStateKey({group, table, end, ""});
  for (auto at = rows_.lower_bound(EncodeStateKey({group, table, first, ""})); at != rows_.end() && at->first < upper;
       ++at) {
    if (!visit(at->first, at->second)) break;
  }
  return absl::OkStatus();
}

absl::Status MemoryStateBackend::RaiseSliceFloor(TableId table, Slice floor) {
  used_ = true;
  if (!floors_.Raise(table, floor)) return absl::OkStatus();
  std::erase_if(rows_, [&](const auto& row) {
    StateKey key = *ParseStateKey(row.first);
    return key.table == table && key.slice < floor;
  });
  return absl::OkStatus();
}

absl::StatusOr<storage::v1::SnapshotHandle> MemoryStateBackend::Snapshot(Epoch epoch, KeyGroupRange range,
                                                                         BlobStore& blobs,
                                                                         std::string_view blob_prefix) {
  used_ = true;
  storage::v1::SnapshotHandle handle;
  handle.set_first_key_group(range.first);
  handle.set_end_key_group(range.end);
  handle.set_format(std::string(kFormat));
  handle.set_epoch(epoch.value());
  floors_.WriteTo(handle);
  std::string file(kMagic);
  for (const auto& [key, value] : rows_) {
    ASSIGN_OR_RETURN(StateKey parsed, ParseStateKey(key));
    if (!range.Contains(parsed.group) || floors_.Expired(parsed.table, parsed.slice)) continue;
    AppendField(key, file);
    AppendField(value, file);
  }
  if (file.size() == kMagic.size()) {
    last_file_.Clear();  // named no more, it may be collected
    return handle;
  }
  if (last_file_.checksum() != ContentChecksum(file)) {
    ASSIGN_OR_RETURN(UploadedFile put, PutSnapshotFile(blobs, Cat(blob_prefix, "/rows"), "rows", "rows", file));
    if (put.uploaded) uploaded_bytes_ += file.size();
    last_file_ = put.file;
  }
  *handle.add_files() = last_file_;
  return handle;
}

absl::StatusOr<std::unique_ptr<StateBackend>> MemoryStateBackendFactory::Make(std::string_view /*name*/) {
  return std::make_unique<MemoryStateBackend>();
}

}  // namespace millrace
