#pragma once

#include <memory>

#include "connectors/registry.h"

namespace millrace {

// Sink "blackhole": counts rows and drops them, for benchmarks and dry runs. It has no options.
std::unique_ptr<SinkConnector> MakeBlackholeConnector();

}  // namespace millrace
