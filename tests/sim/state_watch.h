#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/memory_blob_store.h"
#include "millrace/storage/v1/manifest.pb.h"

namespace millrace::sim {

// One row of an operator's state, as a snapshot of format "memory-1" holds it: read without the program's code.
struct StateRow {
  uint32_t group = 0;
  uint32_t table = 0;
  int64_t slice = 0;
  std::string key;
  std::string value;
};
struct ReadState {
  std::string broken;          // empty: every file is whole and every row is where it belongs
  std::vector<StateRow> rows;  // of all subtasks
};
// I5 and I8: every blob is there with its size and checksum; handles partition the key groups; a row lies in the group
// that its key's hash names, within its handle's range, above its floor, and once.
ReadState ReadOperatorState(MemoryBlobStore& store, const storage::v1::Manifest& manifest, const std::string& uid);

// I8: as long as nothing is read and no time passes, the state stays the same whatever the parallelism.
class StateWatch {
 public:
  // Of each completed epoch, ascending. Empty: as promised.
  std::string OnCompleted(MemoryBlobStore& store, const storage::v1::Manifest& manifest);

 private:
  struct Digest {
    std::string stands;  // positions and watermarks
    uint64_t epoch = 0;
    uint32_t parallelism = 0;
    // Sum of its rows' hashes, by operator uid: independent of their order.
    std::map<std::string, uint64_t> state;
  };
  Digest last_;
};

}  // namespace millrace::sim
