#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "millrace/v1/pipeline_service.pb.h"

namespace millrace {

// RUNNING, STOPPED, …
std::string StateName(v1::PipelineState state);
// Whether nothing happens to the pipeline any more until someone starts it.
bool IsAtRest(v1::PipelineState state);

// One row a pipeline, with a heading.
std::string PipelineTable(const std::vector<v1::Pipeline>& pipelines, absl::Time now);
// Everything about one pipeline, one fact a line.
std::string PipelineDescription(const v1::Pipeline& pipeline, absl::Time now);
// Rate, lag, watermark delay, late rows, dead letters, last checkpoint. Shorter words if `width` columns are too few;
// 0: any width.
std::string LiveLine(const v1::Pipeline& pipeline, absl::Time now, size_t width);

// 1234567 → 1,234,567.
std::string WithCommas(uint64_t number);

}  // namespace millrace
