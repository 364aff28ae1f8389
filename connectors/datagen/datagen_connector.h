#pragma once

#include <memory>

#include "connectors/registry.h"

namespace millrace {

// Source "datagen": random rows and sequences, with Flink's options (connectors/datagen/datagen_options.h). A row is a
// function of the seed, its number, and the time of the pipeline's first start: row n is made n / rows-per-second
// later. It is in split n modulo the number of splits.
std::unique_ptr<SourceConnector> MakeDatagenConnector(const ConnectorEnvironment& environment);

}  // namespace millrace
