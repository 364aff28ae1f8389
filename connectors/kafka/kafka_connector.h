#pragma once

#include <memory>

#include "connectors/registry.h"

namespace millrace {

// Connector 'kafka': JSON records of one or several topics; a split is a partition.
std::unique_ptr<SourceConnector> MakeKafkaConnector(const ConnectorEnvironment& environment);

}  // namespace millrace
