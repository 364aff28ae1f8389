#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/blob_store.h"
#include "connectors/row_files/row_files.h"
#include "connectors/sink.h"

namespace millrace {

// Stages rows of one subtask as files of JSON lines: of every full buffer, and of what is left at the end of the epoch,
// one for each combination of partition values, in the order in which rows came. All files of an epoch are in its one
// committable; those of a subtask that dies before it seals are named by nobody.
//
// Owns:    references to the batches of the buffer, and of full ones that nobody has taken.
// Thread:  task thread; what Seal and TakePart return runs on the IoPool and is independent of the sink.
// Blocks:  never. Writing text is in Persist.
// Fails:   InvalidArgument: a column is missing, of another type, or NULL where it must not be.
class RowFilesSink final : public Sink {
 public:
  RowFilesSink(RowFilesOptions options, std::shared_ptr<BlobStore> store);
  ~RowFilesSink() override;
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

  const std::shared_ptr<const RowFilesOptions> options_;
  const std::shared_ptr<BlobStore> store_;
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
