#pragma once

#include <memory>

#include "connectors/registry.h"

namespace millrace {

// Sink "delta": appends to a Delta Lake table. Options:
//   table-path (required)  a directory or a URI of the blob stores
//   create                 if-not-exists (default) | never
//   lineage                refuse (default) | append: whether to write to a table that an earlier life of the same
//                          pipeline wrote to under another lineage; its epochs and ours are not protected against
//                          each other
//   buffer-size            rows, as in memory, that a subtask gathers before it writes them as data files of the epoch;
//                          64MiB by default
// MakeSink, MakeCommitter and OpenCatalog open the table's store, which blocks shortly.
std::unique_ptr<SinkConnector> MakeDeltaConnector(const ConnectorEnvironment& environment);

}  // namespace millrace
