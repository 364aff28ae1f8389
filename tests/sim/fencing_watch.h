#pragma once

#include <string>
#include <string_view>

#include "millrace/storage/v1/manifest.pb.h"

namespace millrace::sim {

// I4, as far as the record and deletions tell it. Pure.
class FencingWatch {
 public:
  // Empty: as promised.
  std::string OnRecord(const storage::v1::PipelineRecord& before, const storage::v1::PipelineRecord& after) const;
  // `before`: the record that was replaced when the epoch completed.
  std::string OnCompleted(const storage::v1::PipelineRecord& before, const storage::v1::Manifest& manifest) const;
  std::string OnDelete(std::string_view process, std::string_view name, uint64_t term, bool is_fenced_off) const;
};

}  // namespace millrace::sim
