#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "arrow/type_fwd.h"
#include "base/blob_store.h"
#include "base/clock.h"
#include "base/memory_account.h"
#include "connectors/sink.h"

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

// Stages rows of one subtask as Parquet files of a Delta table: of every full buffer, and of what is left at the end of
// the epoch, one file for each combination of partition values. All files of an epoch are in its one committable; those
// of a subtask that dies before it seals are named by nobody, and stay invisible. Partition columns are in the log, not
// in the files.
//
// Owns:    references to the batches of the buffer, and of full ones that nobody has taken. Borrows the clock, which
//          outlives its parts and staged epochs too.
// Thread:  task thread; what Seal and TakePart return runs on the IoPool and is independent of the sink.
// Blocks:  never. Splitting, encoding and statistics are all in Persist.
// Fails:   InvalidArgument: a column is missing, of another type, or NULL where it must not be.
class DeltaSink final : public Sink {
 public:
  DeltaSink(DeltaSinkOptions options, std::shared_ptr<BlobStore> store, const Clock* clock);
  ~DeltaSink() override;
  absl::Status Write(const arrow::RecordBatch& rows) override;
  std::unique_ptr<StagedPart> TakePart(bool all) override;
  absl::StatusOr<std::unique_ptr<StagedEpoch>> Seal(Epoch epoch) override;
  uint64_t buffered_bytes() const override { return unsealed_bytes_; }

 private:
  struct Files;
  struct Rows;
  class Part;
  class SealedEpoch;
  // The buffer becomes a part.
  void CloseBuffer();

  const std::shared_ptr<const DeltaSinkOptions> options_;
  const std::shared_ptr<BlobStore> store_;
  const Clock* const clock_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
  MemoryHold buffer_;
  // Closed and not taken.
  std::deque<std::unique_ptr<Part>> parts_;
  uint64_t num_parts_ = 0;
  // The files that the parts of this epoch have become. Null: it has no parts yet.
  std::shared_ptr<Files> files_;
  Epoch sealed_;
  uint64_t unsealed_bytes_ = 0;
};

}  // namespace millrace
