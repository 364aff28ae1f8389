#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/blob_store.h"
#include "base/ids.h"
#include "connectors/row_files/epoch_log.h"
#include "connectors/sink.h"

namespace millrace {

// Where a reader stands: it has taken everything before. Opaque to clients.
struct ResultCursor {
  uint64_t entry = 1;
  uint32_t part = 0;
  // "3:1".
  std::string ToString() const;
  // "" is the beginning. InvalidArgument: it is no cursor.
  static absl::StatusOr<ResultCursor> Parse(std::string_view text);
  bool operator==(const ResultCursor&) const = default;
};

struct ResultPart {
  Epoch epoch;
  uint64_t num_rows = 0;
  // One JSON array a line, with a line break behind each: the cells, in the order of the sink's columns.
  std::string lines;
  ResultCursor next;
};

// Reads what the sink "result" of one run has committed: by epoch, subtask, and the order in which that sent them.
//
// Thread:  IoPool, one at a time.
// Blocks:  yes.
// Fails:   Unavailable: retry. DataLoss: rows are gone or damaged. InvalidArgument: the cursor is of another run.
//          NotFound: rows that were discarded are asked for.
class ResultReader {
 public:
  // `store`: of the sink's option 'path'.
  ResultReader(std::shared_ptr<BlobStore> store, const CommitIdentity& identity);

  // The next rows; nothing: no more are committed now. When the pipeline has FINISHED, there are no more at all.
  absl::StatusOr<std::optional<ResultPart>> Next(ResultCursor at);
  // Nobody will ask for rows before `at` any more. The newest epoch's stay.
  absl::Status Discard(ResultCursor at);

 private:
  const std::shared_ptr<BlobStore> store_;
  EpochLog log_;
};

// The cells of one line, each as JSON text. InvalidArgument: it is no line of a result.
absl::StatusOr<std::vector<std::string>> SplitResultRow(std::string_view line);

}  // namespace millrace
