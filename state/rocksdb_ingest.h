#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "state/state_backend.h"

namespace rocksdb {
class DB;
}

namespace millrace {

// Writes sorted rows straight into table files, and hands these over to the instance: what a barrier froze is in
// order already, so that RocksDB need not sort it again in a memtable. The rows are newer than all before them, as
// with an ordinary write.
//
// `scratch`: a directory on the instance's file system; made if it is missing, empty again afterwards. `file_bytes`:
// roughly the size of one file. Blocks.
absl::Status IngestSorted(rocksdb::DB& db, std::span<const StateWrite> sorted, const std::string& scratch, uint64_t file_bytes);

}  // namespace millrace
