#pragma once

#include <cstdint>
#include <memory>

#include "connectors/registry.h"

namespace millrace::sim {

// The split that has nothing to read for a while in the runs of this seed; of some seeds there is none of this number.
inline int64_t SleepySplit(uint64_t seed) { return static_cast<int64_t>(seed % 8); }

// The generator, but in some seeds one of its splits has nothing to read for a while, long enough to count as idle, and
// its next rows are far behind the others. With dead_letters_held_back planted, dead letters wait for the next poll.
std::unique_ptr<SourceConnector> MakeDrowsyGenerator(const ConnectorEnvironment& environment);

}  // namespace millrace::sim
