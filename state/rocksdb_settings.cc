#include "state/rocksdb_settings.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>
#include <xxhash.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "base/error.h"
#include "state/state_key.h"

namespace millrace {
namespace {

// Takes the floors as they were when the compaction began: they only rise, so that it drops too little at worst.
class FloorFilter final : public rocksdb::CompactionFilter {
 public:
  explicit FloorFilter(SliceFloors floors) : floors_(std::move(floors)) {}
  const char* Name() const override { return "millrace.FloorFilter"; }
  bool Filter(int, const rocksdb::Slice& key, const rocksdb::Slice&, std::string*, bool*) const override {
    absl::StatusOr<StateKey> parsed = ParseStateKey({key.data(), key.size()});
    return parsed.ok() && floors_.Expired(parsed->table, parsed->slice);
  }

 private:
  const SliceFloors floors_;
};

class FloorFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  explicit FloorFilterFactory(std::shared_ptr<RocksDbThreadsView> view) : view_(std::move(view)) {}
  const char* Name() const override { return "millrace.FloorFilterFactory"; }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context&) override {
    return std::make_unique<FloorFilter>(view_->floors());
  }

 private:
  const std::shared_ptr<RocksDbThreadsView> view_;
};

class Checksum final : public rocksdb::FileChecksumGenerator {
 public:
  Checksum() : state_(XXH3_createState()) { XXH3_128bits_reset(state_); }
  ~Checksum() override { XXH3_freeState(state_); }
  void Update(const char* data, size_t n) override { XXH3_128bits_update(state_, data, n); }
  void Finalize() override {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_));
    hex_ = absl::BytesToHexString(
        absl::string_view(reinterpret_cast<const char*>(canonical.digest), sizeof(canonical.digest)));
  }
  std::string GetChecksum() const override { return hex_; }
  const char* Name() const override { return "millrace.Xxh3_128"; }

 private:
  XXH3_state_t* const state_;
  std::string hex_;
};

class ChecksumFactory final : public rocksdb::FileChecksumGenFactory {
 public:
  const char* Name() const override { return "millrace.ChecksumFactory"; }
  std::unique_ptr<rocksdb::FileChecksumGenerator> CreateFileChecksumGenerator(
      const rocksdb::FileChecksumGenContext&) override {
    return std::make_unique<Checksum>();
  }
};

class ErrorListener final : public rocksdb::EventListener {
 public:
  explicit ErrorListener(std::shared_ptr<RocksDbThreadsView> view) : view_(std::move(view)) {}
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) override {
    if (error != nullptr && !error->ok()) view_->SetBackgroundError(FromRocksDb(*error, "flush or compact state", ""));
  }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* auto_recovery) override {
    *auto_recovery = false;
  }

 private:
  const std::shared_ptr<RocksDbThreadsView> view_;
};

}  // namespace

void RocksDbInstances::Add(rocksdb::DB* db) {
  MutexLock lock(&mutex_);
  open_.insert(db);
}

void RocksDbInstances::Remove(rocksdb::DB* db) {
  MutexLock lock(&mutex_);
  open_.erase(db);
}

uint64_t RocksDbInstances::Sum(const std::string& property) const {
  MutexLock lock(&mutex_);
  uint64_t sum = 0;
  for (rocksdb::DB* db : open_) {
    uint64_t value = 0;
    if (db->GetIntProperty(property, &value)) sum += value;
  }
  return sum;
}

void RocksDbThreadsView::SetFloors(const SliceFloors& floors) {
  MutexLock lock(&mutex_);
  floors_ = floors;
}

SliceFloors RocksDbThreadsView::floors() const {
  MutexLock lock(&mutex_);
  return floors_;
}

void RocksDbThreadsView::SetBackgroundError(absl::Status status) {
  MutexLock lock(&mutex_);
  background_error_.Update(std::move(status));
}

absl::Status RocksDbThreadsView::background_error() const {
  MutexLock lock(&mutex_);
  return background_error_;
}

rocksdb::Options MakeRocksDbOptions(const RocksDbResources& resources, std::shared_ptr<RocksDbThreadsView> view) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.avoid_flush_during_shutdown = true;
  options.max_bgerror_resume_count = 0;
  options.write_buffer_manager = resources.write_buffers;
  options.write_buffer_size = resources.memtable_bytes;
  options.statistics = resources.statistics;
  options.target_file_size_base = resources.file_bytes;
  // Every epoch adds a file that overlaps all others, and most of what they hold expires with its window before it is
  // ever read: merging them early is work for nothing, and every merged file is uploaded anew.
  options.level0_file_num_compaction_trigger = 16;
  options.level0_slowdown_writes_trigger = 48;
  options.level0_stop_writes_trigger = 64;
  options.max_bytes_for_level_base = resources.file_bytes * 8;
  options.level_compaction_dynamic_level_bytes = true;
  options.max_background_jobs = resources.max_background_jobs;
  // Every snapshot uploads the manifest: it stays small.
  options.max_manifest_file_size = 256 << 10;
  options.keep_log_file_num = 1;
  options.info_log_level = rocksdb::ERROR_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.compression = rocksdb::kLZ4Compression;
  options.file_checksum_gen_factory = std::make_shared<ChecksumFactory>();
  options.compaction_filter_factory = std::make_shared<FloorFilterFactory>(view);
  options.listeners.push_back(std::make_shared<ErrorListener>(view));
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = resources.block_cache;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

absl::Status FromRocksDb(const rocksdb::Status& status, std::string_view doing, std::string_view path) {
  if (status.ok()) return absl::OkStatus();
  if (status.IsNoSpace() || status.IsMemoryLimit()) return ResourceExhausted(doing, " ", path, ": ", status.ToString());
  return Internal(doing, " ", path, ": ", status.ToString());
}

}  // namespace millrace
