#pragma once

#include <memory>

#include "base/blob_store.h"
#include "connectors/buffered_sink.h"
#include "connectors/row_files/row_files.h"

namespace millrace {

// Stages rows of one subtask as files of JSON lines, one for each combination of partition values, in the order in
// which rows came.
//
// Owns:    as BufferedSink.
// Thread:  as BufferedSink.
// Blocks:  never. Writing text is in Persist.
// Fails:   InvalidArgument: a column is missing, of another type, or NULL where it must not be.
class RowFilesSink final : public BufferedSink {
 public:
  RowFilesSink(RowFilesOptions options, std::shared_ptr<BlobStore> store);
  ~RowFilesSink() override;
  absl::Status Write(const arrow::RecordBatch& rows) override;

 private:
  class Files;
  std::shared_ptr<StagedFiles> MakeFiles() const override;

  const std::shared_ptr<const RowFilesOptions> options_;
  const std::shared_ptr<BlobStore> store_;
};

}  // namespace millrace
