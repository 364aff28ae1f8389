#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "connectors/catalog.h"
#include "connectors/sink.h"

namespace millrace {

// For sinks that have nothing to make visible: a committable is a number of rows, "1:<rows>", and to commit is to add
// them up. It remembers nothing.
std::string RowCountCommittable(uint64_t num_rows);
std::unique_ptr<Committer> MakeRowCountCommitter(std::string what);
std::unique_ptr<SinkCatalog> MakeForgetfulCatalog();

}  // namespace millrace
