#pragma once

#include <memory>

#include "connectors/registry.h"

namespace millrace::sim {

class SimLog;

// Reads a SimLog, which it borrows, as the Kafka connector reads Kafka.
std::unique_ptr<SourceConnector> MakeSimLogConnector(SimLog* log);

}  // namespace millrace::sim
