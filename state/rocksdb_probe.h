#pragma once

#include <memory>

#include "base/metrics.h"
#include "state/rocksdb_backend.h"

namespace millrace {

// Shows what RocksDB holds, asked at every scrape.
//
// Owns:    its series' share of the metrics. Borrows the factory and the metrics.
class RocksDbProbe {
 public:
  RocksDbProbe(const RocksDbStateBackendFactory* backends, Metrics* metrics);

 private:
  void Collect();

  const RocksDbStateBackendFactory* const backends_;
  Gauge* const memtable_bytes_;
  Gauge* const block_cache_bytes_;
  Gauge* const table_reader_bytes_;
  Gauge* const pending_compaction_bytes_;
  Gauge* const directory_free_bytes_;
  Counter* const write_stall_seconds_;
  Counter* const block_cache_hits_;
  Counter* const block_cache_misses_;
  RocksDbFigures shown_;  // one scrape at a time
  std::shared_ptr<void> collecting_;
};

}  // namespace millrace
