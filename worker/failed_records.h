#pragma once

#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "connectors/source.h"
#include "worker/computed_columns.h"
#include "worker/operators/failed_rows.h"

namespace millrace {

// Makes bad records of those for which a computed column of their source has no value: takes them out of the source's
// batch, with a dead letter for each, as if they could not have been decoded.
//
// Thread:  task thread.
// Fails:   as FailedRows.
class FailedRecords {
 public:
  FailedRecords(std::shared_ptr<const ComputedColumns> columns, const std::string& pipeline, const std::string& uid,
                bool dead_letters_connected);

  // `batch` is what the source read, `computed` its rows with the columns, and `errors` the rows that have none, by
  // column. Afterwards `batch` holds the rows of `computed` that are left. Its bad records are in the order of each
  // split's records.
  absl::Status TakeOut(std::span<const RowErrors> errors, BatchPtr computed, std::span<const SplitProgress> splits,
                       SourceBatch& batch);

 private:
  void TellBadRecords(const std::vector<FailedRow>& failed, const std::vector<RecordPlace>& places, SourceBatch& batch) const;

  const std::shared_ptr<const ComputedColumns> columns_;
  FailedRows failed_rows_;
};

}  // namespace millrace
