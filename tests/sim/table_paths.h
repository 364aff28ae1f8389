#pragma once

#include <map>
#include <string>

#include "millrace/storage/v1/manifest.pb.h"

namespace millrace::sim {

// Where the sinks of a pipeline write, by uid.
using TablePaths = std::map<std::string, std::string>;
TablePaths TablePathsOf(const storage::v1::PipelineRecord& record);

}  // namespace millrace::sim
