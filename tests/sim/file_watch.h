#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/memory_blob_store.h"
#include "millrace/storage/v1/manifest.pb.h"

namespace millrace::sim {

// I5. Each reads storage without faults, and answers: empty, or the promise that was broken.

// A retained manifest is there, and so is, whole, every blob that it names.
std::string CheckRetained(MemoryBlobStore& store, const std::string& manifest_name);
// Every file that is staged for this sink is there with its size.
std::string CheckStaged(MemoryBlobStore& table, const storage::v1::Manifest& manifest, const storage::v1::SinkState& sink);
// Every file that a version of the table adds is there with its size.
std::string CheckAdded(MemoryBlobStore& table, const std::string& version, const std::map<std::string, int64_t>& added);

}  // namespace millrace::sim
