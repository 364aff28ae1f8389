#pragma once

#include <map>
#include <string>
#include <utility>

#include "millrace/storage/v1/manifest.pb.h"

namespace millrace::sim {

// I2, as far as positions alone tell it. Pure.
class SourceCutWatch {
 public:
  // Of each completed epoch, ascending. Empty: as promised.
  std::string OnCompleted(const storage::v1::PipelineRecord& record, const storage::v1::Manifest& manifest);

 private:
  std::map<std::pair<std::string, std::string>, int64_t> positions_;  // by source and split
};

}  // namespace millrace::sim
