#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arrow/type_fwd.h"
#include "base/blob_store.h"
#include "base/clock.h"
#include "base/memory_account.h"
#include "connectors/buffered_sink.h"

namespace millrace {

struct DeltaSinkOptions {
  static constexpr uint64_t kDefaultBufferBytes = 64 << 20;

  CommitIdentity identity;
  std::shared_ptr<arrow::Schema> schema;
  std::vector<std::string> partition_by;
  uint32_t subtask_index = 0;
  Generation generation;
  // Rows in memory, as Arrow has them, that become data files before the epoch ends. Larger: larger files, more memory.
  uint64_t buffer_bytes = kDefaultBufferBytes;
  // Charged for rows that are not durable yet. Null: nobody counts.
  std::shared_ptr<MemoryAccount> memory;
};

// Stages rows of one subtask as Parquet files of a Delta table, one for each combination of partition values. Partition
// columns are in the log, not in the files.
//
// Owns:    as BufferedSink. Borrows the clock, which outlives its parts and staged epochs too.
// Thread:  as BufferedSink.
// Blocks:  never. Splitting, encoding and statistics are all in Persist.
// Fails:   InvalidArgument: a column is missing, of another type, or NULL where it must not be.
class DeltaSink final : public BufferedSink {
 public:
  DeltaSink(DeltaSinkOptions options, std::shared_ptr<BlobStore> store, const Clock* clock);
  ~DeltaSink() override;
  absl::Status Write(const arrow::RecordBatch& rows) override;

 private:
  class Files;
  std::shared_ptr<StagedFiles> MakeFiles() const override;

  const std::shared_ptr<const DeltaSinkOptions> options_;
  const std::shared_ptr<BlobStore> store_;
  const Clock* const clock_;
};

}  // namespace millrace
