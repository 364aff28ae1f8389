#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/blob_store.h"
#include "millrace/v1/pipeline_service.pb.h"

namespace millrace {

// The next rows that the SELECT `pipeline` has committed; those before the cursor are discarded. IoPool, blocks.
// Fails: FailedPrecondition: the pipeline is no SELECT. InvalidArgument: there is no such cursor.
absl::StatusOr<v1::FetchResultsResponse> ReadResults(const v1::Pipeline& pipeline, const std::string& cursor,
                                                     BlobStoreFactory* stores);

}  // namespace millrace
