#pragma once

#include <map>
#include <string>
#include <utility>

#include "millrace/storage/v1/manifest.pb.h"

namespace millrace::sim {

// I6, as far as manifests alone tell it: watermarks only rise, across restores too; a split that was idle is so until a
// record comes. Pure.
class WatermarkWatch {
 public:
  // Of each completed epoch, ascending. Empty: as promised.
  std::string OnCompleted(const storage::v1::Manifest& manifest);

 private:
  std::map<std::pair<std::string, std::string>, storage::v1::SplitState> splits_;  // by source and split
  std::map<std::string, int64_t> operators_;                                       // by uid
};

}  // namespace millrace::sim
