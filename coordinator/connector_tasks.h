#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/ids.h"
#include "connectors/registry.h"
#include "coordinator/pipeline_events.h"
#include "millrace/internal/v1/control.pb.h"
#include "millrace/storage/v1/manifest.pb.h"

namespace millrace {

// What the coordinator does outside for a pipeline. All block: IoPool. Errors name the operator.

// Resolves the start positions of every source that `resolved` does not name, and prepares the table of every sink. The
// record says which table a sink had before.
absl::StatusOr<PreparedConnectors> PrepareConnectors(const ConnectorRegistry& connectors, const internal::v1::PhysicalPlan& physical,
                                                     const storage::v1::PipelineRecord& record, const std::set<std::string>& resolved);

// The epochs above `after` whose rows are in the pipeline's tables, by sink.
absl::StatusOr<std::vector<storage::v1::CommittedEpoch>> FindCommitted(const ConnectorRegistry& connectors,
                                                                       const internal::v1::PhysicalPlan& physical,
                                                                       const storage::v1::PipelineRecord& record, Epoch after);

struct FoundSplits {
  // When to look again; zero: never.
  absl::Duration interval;
  // Splits that `known` does not hold, with positions. Usually none.
  storage::v1::SourceState source;
};
absl::StatusOr<FoundSplits> FindNewSplits(const ConnectorRegistry& connectors, const internal::v1::ChainNode& source,
                                          std::string_view pipeline, const std::set<std::string>& known);

}  // namespace millrace
