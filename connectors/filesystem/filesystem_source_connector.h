#pragma once

#include <memory>

#include "base/input_files.h"
#include "connectors/registry.h"

namespace millrace {

// Source "filesystem": files of JSON lines, each read once to the end that it had at the first start. Options:
//   path (required)                  a file, or a directory, whose files are read, but not those of directories in it;
//                                    absolute, relative to the process's own, or file://
//   format (required)                json
//   json.timestamp-format.standard   SQL (default) | ISO-8601 | EPOCH-MILLIS
// The coordinator and every worker must see the same files. `files`: null: those of this machine.
std::unique_ptr<SourceConnector> MakeFilesystemSourceConnector(const ConnectorEnvironment& environment,
                                                               std::shared_ptr<InputFiles> files = nullptr);

}  // namespace millrace
