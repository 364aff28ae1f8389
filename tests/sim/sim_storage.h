#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/blob_store.h"
#include "base/memory_blob_store.h"
#include "tests/sim/sim_world.h"

namespace millrace::sim {

// The cluster's disks and object stores, by URI. They outlive every process.
class Storage {
 public:
  std::shared_ptr<MemoryBlobStore> At(const std::string& uri) {
    auto& store = stores_[uri];
    if (store == nullptr) store = std::make_shared<MemoryBlobStore>();
    return store;
  }

 private:
  std::map<std::string, std::shared_ptr<MemoryBlobStore>> stores_;
};

// What may go wrong with one process's writes and reads.
struct StorageFaults {
  double error_chance = 0;        // Unavailable, nothing was done
  double lost_answer_chance = 0;  // Unavailable, but it was done
  double crash_chance = 0;        // the process dies before or after the write: see Doomed
};

// A process that is to die as soon as the running closure returns. Until then nothing it does reaches the outside.
struct Doom {
  bool doomed = false;
};

// One process's view of the storage, with its faults.
class FaultyBlobStores final : public BlobStoreFactory {
 public:
  FaultyBlobStores(World* world, Storage* storage, Process* process, Doom* doom, const StorageFaults* faults)
      : world_(world), storage_(storage), process_(process), doom_(doom), faults_(faults) {}
  absl::StatusOr<std::shared_ptr<BlobStore>> Open(std::string_view uri) override;

 private:
  World* const world_;
  Storage* const storage_;
  Process* const process_;
  Doom* const doom_;
  const StorageFaults* const faults_;
};

}  // namespace millrace::sim
