#pragma once

#include <memory>
#include <string>

#include "connectors/registry.h"

namespace millrace {

// Sink "result": rows for whoever asked a query, kept until the next run of a pipeline of that name is prepared.
// ResultReader reads them. Option:
//   path (required)  the blob store that holds results, the same for workers and coordinator
// Rows are committed with their epoch: at the end of a bounded pipeline at the latest.
std::unique_ptr<SinkConnector> MakeResultConnector(const ConnectorEnvironment& environment);

// Where the results of one run lie: "_results/<pipeline>/<lineage>/<sink uid>". No pipeline has a name that begins so.
std::string ResultHome(const CommitIdentity& identity);

}  // namespace millrace
