#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "state/rocksdb_settings.h"
#include "state/slice_floors.h"
#include "state/snapshot_files.h"
#include "state/state_backend.h"

namespace rocksdb {
class DB;
}

namespace millrace {

// A StateBackend on one RocksDB instance of its own.
//
// There is no log: what was not snapshot is lost with the process, and comes again from the sources. A snapshot
// flushes, uploads the table files that are new, and RocksDB's manifest. It is of format "rocksdb-1", with these blobs
// below its prefix:
//
//   sst/<checksum>.sst         a table file; later snapshots of this backend name it where it lies
//   meta/<checksum>.meta       RocksDB's MANIFEST and CURRENT
//
// Owns:    its directory, which it removes at the end.
class RocksDbStateBackend final : public StateBackend {
 public:
  static constexpr std::string_view kFormat = "rocksdb-1";

  // `directory` exists and is empty.
  RocksDbStateBackend(std::string directory, const RocksDbResources& resources);
  ~RocksDbStateBackend() override;

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

  // Rewrites all files, so that rows below the floors leave the disk now. For tests and maintenance.
  absl::Status CompactAll();
  // Bytes of the live table files.
  absl::StatusOr<uint64_t> LiveFileBytes();

 private:
  // Opens the instance at its first use; later calls report what RocksDB's threads ran into.
  absl::Status Ready();
  void CloseDatabase();
  // Uses the part's files as they are. False: they hold rows of other key groups, and were moved to `scratch` instead.
  absl::StatusOr<bool> Adopt(const RestorePart& part, BlobStore& blobs, const std::string& scratch);
  absl::Status CopyRows(const RestorePart& part, const std::string& scratch);
  // The blob of a live file, uploaded if this backend has not done so before.
  absl::StatusOr<storage::v1::SnapshotFile> Upload(BlobStore& blobs, std::string_view blob_prefix,
                                                   std::string_view folder, const std::string& name,
                                                   std::string_view bytes);
  std::string DatabasePath() const;

  const std::string directory_;
  const RocksDbResources resources_;
  const std::shared_ptr<RocksDbThreadsView> threads_view_;
  std::unique_ptr<rocksdb::DB> db_;
  SliceFloors floors_;
  // Live files that are in the blob store, by their name here.
  std::map<std::string, storage::v1::SnapshotFile> uploaded_;
  uint64_t uploaded_bytes_ = 0;
};

struct RocksDbOptions {
  // Directory for all backends of the process; made if it is missing.
  std::string root;
  // Blocks of files, shared by all backends. Too little: reads of cold rows go to the disk.
  uint64_t block_cache_bytes = 64 << 20;
  // Rows not yet in files, shared by all backends and charged to the block cache. Too little: many small files.
  uint64_t write_buffer_bytes = 64 << 20;
  // Rows not yet in files, per backend.
  uint64_t memtable_bytes = 16 << 20;
  // Size of one table file: what an upload and a download hold in memory at a time.
  uint64_t file_bytes = 16 << 20;
  // A write of so many rows or more makes table files of its own instead of passing through the memtable.
  uint64_t rows_for_files = 4096;
  // Threads of RocksDB for flushes and compactions, in the whole process.
  int max_background_jobs = 2;
};

// What all backends of a process hold and have done.
struct RocksDbFigures {
  uint64_t memtable_bytes = 0;
  uint64_t block_cache_bytes = 0;
  uint64_t table_reader_bytes = 0;
  uint64_t pending_compaction_bytes = 0;
  uint64_t directory_free_bytes = 0;
  // Since the start.
  double write_stall_seconds = 0;
  uint64_t block_cache_hits = 0;
  uint64_t block_cache_misses = 0;
};

// Makes backends below one root directory, with one block cache and one budget of write buffers.
class RocksDbStateBackendFactory final : public StateBackendFactory {
 public:
  static absl::StatusOr<std::unique_ptr<RocksDbStateBackendFactory>> Open(const RocksDbOptions& options);
  // `name`: letters, digits, '.', '_' and '-'.
  absl::StatusOr<std::unique_ptr<StateBackend>> Make(std::string_view name) override;
  // Any thread.
  RocksDbFigures figures() const;

 private:
  RocksDbStateBackendFactory(std::string root, RocksDbResources resources);

  const std::string root_;
  const RocksDbResources resources_;
};

}  // namespace millrace
