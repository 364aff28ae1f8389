#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace millrace::sql {

// What SET has set, resolved; the defaults are those of a pipeline.
struct Session {
  // 'table.local-time-zone': an IANA name.
  std::string time_zone = "UTC";
  // 'pipeline.name'. "": as the caller says.
  std::string pipeline_name;
  // 'execution.checkpointing.interval', '….timeout', '….tolerable-failed-checkpoints', '….num-retained'. 0: default.
  int64_t checkpoint_interval_ms = 0;
  int64_t checkpoint_timeout_ms = 0;
  uint32_t tolerable_failed_checkpoints = 0;
  uint32_t retained_checkpoints = 0;
  // 'parallelism.default'. 0: default.
  uint32_t parallelism = 0;
  // 'table.exec.source.idle-timeout', for sources that do not set their own. 0: never.
  int64_t idle_timeout_ms = 0;
  // Every option that was set, as written.
  std::map<std::string, std::string, std::less<>> options;
};

}  // namespace millrace::sql
