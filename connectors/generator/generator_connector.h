#pragma once

#include <memory>

#include "connectors/registry.h"

namespace millrace {

// Connector 'generator': rows that are a pure function of (seed, split, position), for demos, tests and simulation.
std::unique_ptr<SourceConnector> MakeGeneratorConnector(const ConnectorEnvironment& environment);

}  // namespace millrace
