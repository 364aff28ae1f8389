#pragma once

#include <functional>

#include "base/metrics.h"
#include "server/http_server.h"
#include "server/pipeline_control.h"

namespace millrace {

// What every role serves: /metrics, /healthz (the process is alive) and /readyz (`ready` is OK, else 503 with its
// message). All arguments outlive the server.
HttpServer::Routes ProcessRoutes(Metrics* metrics, std::function<absl::Status()> ready);

// /api/v1/pipelines and /api/v1/pipelines/NAME, as the proto JSON of ListResponse and Pipeline. `control` outlives the
// server.
void AddPipelineRoutes(PipelineControl* control, HttpServer::Routes* routes);

}  // namespace millrace
