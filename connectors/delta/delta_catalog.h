#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/type_fwd.h"
#include "base/blob_store.h"
#include "base/clock.h"
#include "connectors/catalog.h"

namespace millrace {

struct DeltaCatalogOptions {
  std::string table_path;
  std::shared_ptr<arrow::Schema> schema;
  std::vector<std::string> partition_by;
  bool create = true;
  bool append_to_other_lineage = false;
};

// Creates or examines one Delta table before a pipeline writes to it.
//
// Borrows: the clock.
// Thread:  IoPool.
// Fails:   InvalidArgument: the rows do not fit. FailedPrecondition: another lineage of this sink wrote to it, it is
//          not the table that this lineage wrote to, or it uses what we cannot write. NotFound: it is absent and must
//          not be created.
class DeltaCatalog final : public SinkCatalog {
 public:
  DeltaCatalog(DeltaCatalogOptions options, std::shared_ptr<BlobStore> store, const Clock* clock);
  absl::StatusOr<std::string> Prepare(const CommitIdentity& identity, std::string_view table_id) override;
  absl::StatusOr<Epoch> LastCommitted(const CommitIdentity& identity) override;
  absl::StatusOr<std::vector<EpochInTable>> CommittedAfter(const CommitIdentity& identity, std::string_view table_id,
                                                           Epoch after) override;

 private:
  absl::Status Create(const CommitIdentity& identity);

  const DeltaCatalogOptions options_;
  const std::shared_ptr<BlobStore> store_;
  const Clock* const clock_;
};

}  // namespace millrace
