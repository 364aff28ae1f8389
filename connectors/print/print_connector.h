#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "connectors/registry.h"

namespace millrace {

// Where lines go: the process's own streams, or those of a test. IoPool; blocks.
struct PrintStreams {
  std::function<absl::Status(std::string_view lines)> standard_output;
  std::function<absl::Status(std::string_view lines)> standard_error;
};
PrintStreams ProcessStreams();

// Sink "print": a line per row on the worker's standard output, as Flink's: "+I[1, abc, null]". Options:
//   print-identifier   a text before each line: "text> +I[1]"
//   standard-error     true: on standard error
// Rows are printed as they come, at once: what a failure makes the pipeline read again is printed again.
std::unique_ptr<SinkConnector> MakePrintConnector(PrintStreams streams = ProcessStreams());

}  // namespace millrace
