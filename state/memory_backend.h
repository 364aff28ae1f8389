#pragma once

#include <map>
#include <memory>
#include <string>

#include "state/slice_floors.h"
#include "state/state_backend.h"

namespace millrace {

// A StateBackend in memory: the reference that the contract suite compares others with, and the simulator's state.
// A snapshot is one file of format "memory-1", its rows ascending:
//
//   file := "millrace state memory-1\n" row …
//   row  := key size u32 BE · key · value size u32 BE · value
class MemoryStateBackend final : public StateBackend {
 public:
  static constexpr std::string_view kFormat = "memory-1";

  absl::Status Restore(std::span<const storage::v1::SnapshotHandle> handles, KeyGroupRange range,
                       BlobStore& blobs) override;
  absl::Status Write(std::span<const StateWrite> sorted) override;
  absl::Status MultiGet(std::span<const std::string_view> sorted_keys,
                        std::vector<std::optional<std::string>>& values) override;
  absl::Status Scan(KeyGroup group, TableId table, Slice first, Slice end, StateVisitor visit) override;
  absl::Status RaiseSliceFloor(TableId table, Slice floor) override;
  absl::StatusOr<storage::v1::SnapshotHandle> Snapshot(Epoch epoch, KeyGroupRange range, BlobStore& blobs,
                                                       std::string_view blob_prefix) override;
  uint64_t uploaded_bytes() const override { return uploaded_bytes_; }

 private:
  // Takes the part's rows out of one file.
  absl::Status ReadRows(std::string_view file, std::string_view blob, KeyGroupRange range, const SliceFloors& floors);

  std::map<std::string, std::string, std::less<>> rows_;
  SliceFloors floors_;
  bool used_ = false;
  // The file of the last snapshot: an unchanged state is not uploaded again.
  storage::v1::SnapshotFile last_file_;
  uint64_t uploaded_bytes_ = 0;
};

class MemoryStateBackendFactory final : public StateBackendFactory {
 public:
  absl::StatusOr<std::unique_ptr<StateBackend>> Make(std::string_view name) override;
};

}  // namespace millrace
