#pragma once

#include <memory>

#include "connectors/registry.h"

namespace millrace {

// Sink "filesystem": files of JSON lines in a directory, exactly once. Options:
//   path (required)                  the directory, absolute, relative to the worker's own or file://
//   format (required)                json
//   json.timestamp-format.standard   SQL (default) | ISO-8601
//   sink.rolling-policy.file-size    rows, as in memory, that a subtask gathers for a file; 64MiB by default
// A file becomes visible when its epoch is committed, as
// [column=value/…]part-<lineage>-<epoch>-<subtask>-….json.
// `_millrace/` in the directory belongs to the sink: what is staged, and the logs of what is committed.
std::unique_ptr<SinkConnector> MakeFilesystemSinkConnector(const ConnectorEnvironment& environment);

}  // namespace millrace
