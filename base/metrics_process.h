#pragma once

namespace millrace {

// What the kernel says about this process.
struct ProcessFigures {
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double open_files = 0;
  double max_files = 0;
  double start_time_seconds = 0;  // of the epoch
  double memory_limit_bytes = 0;  // the control group's, or what the machine has
};
// Blocks for some small files of /proc.
ProcessFigures ReadProcessFigures();

}  // namespace millrace
