#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/type_fwd.h"
#include "base/blob_store.h"
#include "base/memory_account.h"
#include "connectors/sink.h"

namespace millrace {

// Rows that become files together.
struct BufferedRows {
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  MemoryHold memory;
  // That seals them; of a part, which cannot know it, the one sealed before.
  Epoch epoch;
  // Numbers a sink's parts, from 1; 0: sealed with the epoch.
  uint64_t part = 0;
};

// What the IoPool has made of one epoch's rows so far: one call at a time. Independent of the sink.
class StagedFiles {
 public:
  virtual ~StagedFiles() = default;
  // The rows are durable when this returns, in files that Committable() names. May let go of the batches before.
  virtual absl::Status Stage(BufferedRows& rows) = 0;
  virtual std::string Committable() const = 0;
};

// A sink that stages files: of every full buffer, and of what is left at the end of the epoch. All files of an epoch
// are in its one committable; those of a subtask that dies before it seals are named by nobody. What rows must be, and
// what files are made of them, is for those who derive from it.
//
// Owns:    references to the batches of the buffer, and of full ones that nobody has taken.
// Thread:  task thread; what Seal and TakePart return runs on the IoPool and is independent of the sink.
// Blocks:  never.
class BufferedSink : public Sink {
 public:
  // A buffer is full with `buffer_bytes`. `memory` is charged for rows that are not durable yet; null: nobody counts.
  BufferedSink(uint64_t buffer_bytes, std::shared_ptr<MemoryAccount> memory);
  ~BufferedSink() override;
  std::unique_ptr<StagedPart> TakePart(bool all) final;
  absl::StatusOr<std::unique_ptr<StagedEpoch>> Seal(Epoch epoch) final;
  uint64_t buffered_bytes() const final { return unsealed_bytes_; }

 protected:
  // For the rows of one epoch.
  virtual std::shared_ptr<StagedFiles> MakeFiles() const = 0;
  void Buffer(std::shared_ptr<arrow::RecordBatch> rows, uint64_t bytes);

 private:
  class Part;
  class SealedEpoch;
  // The buffer becomes a part.
  void CloseBuffer();
  // The buffer's rows; it is charged for them no more.
  BufferedRows TakeBuffer(Epoch epoch);

  const uint64_t buffer_bytes_;
  const std::shared_ptr<MemoryAccount> memory_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
  MemoryHold buffer_;
  // Closed and not taken.
  std::deque<std::unique_ptr<Part>> parts_;
  uint64_t num_parts_ = 0;
  // The files that the parts of this epoch have become. Null: it has no parts yet.
  std::shared_ptr<StagedFiles> files_;
  Epoch sealed_;
  uint64_t unsealed_bytes_ = 0;
};

// Memory that a batch refers to: what a slice refers to, not the whole of its buffers.
uint64_t ReferencedBytes(const arrow::RecordBatch& rows);

// InvalidArgument: `column` is not what `field` says of it. `what`: what is written to, for the message.
absl::Status CheckColumn(std::string_view what, const arrow::Array& column, const arrow::Field& field);

// Puts a file whose name is unique to its content. `put` makes one attempt at it; unknown outcomes are settled by
// looking, and tried again.
absl::Status PutUniqueFile(BlobStore& store, const std::string& path, const std::string& bytes,
                           const std::function<absl::StatusOr<PutResult>()>& put);

}  // namespace millrace
