#include "state/rocksdb_probe.h"

namespace millrace {
namespace {

constexpr char kMemory[] = "millrace_state_memory_bytes";
constexpr char kMemoryHelp[] = "Memory of RocksDB, by what it holds.";
constexpr char kCache[] = "millrace_state_block_cache_requests_total";
constexpr char kCacheHelp[] = "Blocks that RocksDB looked for in its cache.";

}  // namespace

RocksDbProbe::RocksDbProbe(const RocksDbStateBackendFactory* backends, Metrics* metrics)
    : backends_(backends),
      memtable_bytes_(metrics->AddGauge(kMemory, kMemoryHelp, {{"part", "memtable"}})),
      block_cache_bytes_(metrics->AddGauge(kMemory, kMemoryHelp, {{"part", "block_cache"}})),
      table_reader_bytes_(metrics->AddGauge(kMemory, kMemoryHelp, {{"part", "table_readers"}})),
      pending_compaction_bytes_(metrics->AddGauge("millrace_state_pending_compaction_bytes",
                                                  "Bytes that RocksDB still has to compact, as it estimates.")),
      directory_free_bytes_(metrics->AddGauge("millrace_state_dir_free_bytes",
                                              "Free bytes of the file system that holds the state directory.")),
      write_stall_seconds_(
          metrics->AddCounter("millrace_state_write_stall_seconds_total",
                              "Time for which RocksDB held writes back because it could not keep up.")),
      block_cache_hits_(metrics->AddCounter(kCache, kCacheHelp, {{"result", "hit"}})),
      block_cache_misses_(metrics->AddCounter(kCache, kCacheHelp, {{"result", "miss"}})),
      collecting_(metrics->BeforeText([this] { Collect(); })) {}

void RocksDbProbe::Collect() {
  RocksDbFigures now = backends_->figures();
  memtable_bytes_->Set(static_cast<double>(now.memtable_bytes));
  block_cache_bytes_->Set(static_cast<double>(now.block_cache_bytes));
  table_reader_bytes_->Set(static_cast<double>(now.table_reader_bytes));
  pending_compaction_bytes_->Set(static_cast<double>(now.pending_compaction_bytes));
  directory_free_bytes_->Set(static_cast<double>(now.directory_free_bytes));
  write_stall_seconds_->Add(now.write_stall_seconds - shown_.write_stall_seconds);
  block_cache_hits_->Add(static_cast<double>(now.block_cache_hits - shown_.block_cache_hits));
  block_cache_misses_->Add(static_cast<double>(now.block_cache_misses - shown_.block_cache_misses));
  shown_ = now;
}

}  // namespace millrace
