#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "millrace/v1/pipeline_service.pb.h"

namespace millrace {

// Which state may follow which. Pure: one table.
//
//              CREATED STARTING RUNNING STOPPING STOPPED RESTARTING FAILED FINISHED CANCELLED
//   CREATED       ·       x        ·       ·        ·        ·         ·       ·        x
//   STARTING      ·       ·        x       x        ·        x         x       ·        x
//   RUNNING       ·       ·        ·       x        ·        x         x       x        x
//   STOPPING      ·       ·        ·       ·        x        x         x       x        x
//   STOPPED       ·       x        ·       ·        ·        ·         ·       ·        x
//   RESTARTING    ·       x        x       x        ·        ·         x       ·        x
//   FAILED        ·       x        ·       ·        ·        ·         ·       ·        x
//   FINISHED      ·       ·        ·       ·        ·        ·         ·       ·        ·
//   CANCELLED     ·       x        ·       ·        ·        ·         ·       ·        ·
bool MayFollow(v1::PipelineState from, v1::PipelineState to);

// "RUNNING".
std::string_view StateName(v1::PipelineState state);

// What a user may ask for in which state. FailedPrecondition says what to do instead.
absl::Status MayStart(std::string_view pipeline, v1::PipelineState state);
absl::Status MayStop(std::string_view pipeline, v1::PipelineState state);
absl::Status MayCancel(std::string_view pipeline, v1::PipelineState state);

}  // namespace millrace
