#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "state/slice_floors.h"

namespace rocksdb {
class Cache;
class DB;
class Statistics;
class Status;
class WriteBufferManager;
struct Options;
}  // namespace rocksdb

namespace millrace {

// The instances of a process that are open, to be asked what they hold. Thread: any.
class RocksDbInstances {
 public:
  void Add(rocksdb::DB* db);
  // Before it is closed; waits while it is being asked.
  void Remove(rocksdb::DB* db);
  // Sum of an integer property.
  uint64_t Sum(const std::string& property) const;

 private:
  mutable Mutex mutex_;
  std::set<rocksdb::DB*> open_ ABSL_GUARDED_BY(mutex_);
};

// What all RocksDB instances of a process share, and how large they are.
struct RocksDbResources {
  std::shared_ptr<rocksdb::Cache> block_cache;
  std::shared_ptr<rocksdb::WriteBufferManager> write_buffers;
  std::shared_ptr<rocksdb::Statistics> statistics;
  std::shared_ptr<RocksDbInstances> instances;
  uint64_t memtable_bytes = 0;
  uint64_t file_bytes = 0;
  uint64_t rows_for_files = 0;
  int max_background_jobs = 1;
};

// What RocksDB's own threads tell the backend and ask of it.
//
// Thread:  any.
class RocksDbThreadsView {
 public:
  void SetFloors(const SliceFloors& floors);
  SliceFloors floors() const;
  // Keeps the first error. Nothing clears it: the backend is wiped and restored.
  void SetBackgroundError(absl::Status status);
  absl::Status background_error() const;

 private:
  mutable Mutex mutex_;
  SliceFloors floors_ ABSL_GUARDED_BY(mutex_);
  absl::Status background_error_ ABSL_GUARDED_BY(mutex_);
};

// Options of one instance: no automatic resumption after an error, compactions that drop rows below the floors, and
// files whose checksum (snapshot_files.h's) is taken while they are written, so that a later change on the disk is not
// uploaded.
rocksdb::Options MakeRocksDbOptions(const RocksDbResources& resources, std::shared_ptr<RocksDbThreadsView> view);

// The one place where RocksDB's errors become ours. A full disk is ResourceExhausted; all else, a damaged local file
// too, is Internal: the checkpoint has what the disk lost.
absl::Status FromRocksDb(const rocksdb::Status& status, std::string_view doing, std::string_view path);

}  // namespace millrace
