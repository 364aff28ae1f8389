#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arrow/type_fwd.h"
#include "base/blob_store.h"
#include "base/clock.h"
#include "connectors/sink.h"

namespace millrace {

struct DeltaSinkOptions {
  CommitIdentity identity;
  std::shared_ptr<arrow::Schema> schema;
  std::vector<std::string> partition_by;
  uint32_t subtask_index = 0;
  Generation generation;
};

// Stages rows of one subtask as Parquet files of a Delta table: per epoch one file for each combination of partition
// values. Partition columns are in the log, not in the files.
//
// Owns:    references to the batches written since the last Seal. Borrows the clock, which outlives its staged epochs
//          too.
// Thread:  task thread; what Seal returns runs on the IoPool and is independent of the sink.
// Blocks:  never. Splitting, encoding and statistics are all in Persist.
// Fails:   InvalidArgument: a column is missing, of another type, or NULL where it must not be.
class DeltaSink final : public Sink {
 public:
  DeltaSink(DeltaSinkOptions options, std::shared_ptr<BlobStore> store, const Clock* clock);
  absl::Status Write(const arrow::RecordBatch& rows) override;
  absl::StatusOr<std::unique_ptr<StagedEpoch>> Seal(Epoch epoch) override;
  uint64_t buffered_bytes() const override { return buffered_bytes_; }

 private:
  const std::shared_ptr<const DeltaSinkOptions> options_;
  const std::shared_ptr<BlobStore> store_;
  const Clock* const clock_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
  uint64_t buffered_bytes_ = 0;
};

}  // namespace millrace
