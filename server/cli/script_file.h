#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace millrace {

// What a verb is given to run: a plan as JSON or a script of SQL.
struct PipelineFile {
  std::string path;  // "-": standard input
  std::string text;
  bool is_script = false;
  // For a pipeline that has no name of its own: that of the file, without directory and extension.
  std::string name;
};

// FILE.sql is a script, and so is what comes from standard input, unless it begins with a brace; anything else is a
// plan. Fails with InvalidArgument: it cannot be read, or looks like the other kind.
absl::StatusOr<PipelineFile> ReadPipelineFile(const std::string& path);

}  // namespace millrace
