#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"
#include "base/ids.h"
#include "connectors/sink.h"
#include "millrace/storage/v1/manifest.pb.h"

namespace millrace {

// What the coordinator asks the outside about a source.
//
// Thread:  IoPool. Blocks: up to the connector's own time-outs.
// Fails:   NotFound, Unavailable, InvalidArgument, PermissionDenied: with the address, the topic and what to do next.
class SourceCatalog {
 public:
  virtual ~SourceCatalog() = default;
  // Identity of the outside system, such as the Kafka cluster id.
  virtual absl::StatusOr<std::string> SystemId() = 0;
  // Every split there is now, sorted by id.
  virtual absl::StatusOr<std::vector<std::string>> ListSplits() = 0;
  // Numbers for the start positions and bounded ends that the options ask for.
  virtual absl::StatusOr<std::vector<storage::v1::SplitState>> ResolveStart(const std::vector<std::string>& split_ids) = 0;
  // For splits that appeared while the pipeline was running: from their earliest record.
  virtual absl::StatusOr<std::vector<storage::v1::SplitState>> ResolveNew(const std::vector<std::string>& split_ids) = 0;
  // How often to look for new splits; zero: never.
  virtual absl::Duration discovery_interval() const = 0;
};

struct EpochInTable {
  Epoch epoch;
  uint64_t table_version = 0;
};

// What the coordinator asks a table before a pipeline writes to it.
class SinkCatalog {
 public:
  virtual ~SinkCatalog() = default;
  // Creates the table if it is absent, else compares schemas (InvalidArgument, column by column) and lineages
  // (FailedPrecondition). Returns the table's identity; empty: it has none. `table_id`: what an earlier call returned,
  // or empty. If it is not, nothing is created, and a table of another identity is FailedPrecondition. Idempotent.
  // IoPool, blocks.
  virtual absl::StatusOr<std::string> Prepare(const CommitIdentity& identity, std::string_view table_id) = 0;
  // Epoch of the newest commit of this identity in the table; 0: none.
  virtual absl::StatusOr<Epoch> LastCommitted(const CommitIdentity& identity) = 0;
  // The epochs above `after` whose rows of this identity are in the table, ascending. Fences have no rows. Never an
  // epoch too few: where the log that would tell was cleaned up, the marker counts, with version 0. `table_id` as in
  // Prepare. IoPool, blocks.
  virtual absl::StatusOr<std::vector<EpochInTable>> CommittedAfter(const CommitIdentity& identity,
                                                                   std::string_view table_id, Epoch after) = 0;
};

}  // namespace millrace
