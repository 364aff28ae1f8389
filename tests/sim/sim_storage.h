#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/blob_store.h"
#include "base/memory_blob_store.h"
#include "tests/sim/failure_windows.h"
#include "tests/sim/fault_plan.h"
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

// A process that is to die as soon as the running closure returns. Until then nothing it does reaches the outside.
struct Doom {
  bool doomed = false;
  // How long it takes until it is started anew.
  absl::Duration restart_after = absl::Milliseconds(100);

  // As the fault says.
  void Seal(Fault& fault);
};

// Rivals that are still to win a version, and how many have won in a row, by table.
struct RivalWriters {
  std::map<std::string, int> left;
  std::map<std::string, int> in_a_row;
};

// Stores by URI that are down or full, and until when.
struct StoreTroubles {
  std::map<std::string, absl::Duration> down_until;
  std::map<std::string, absl::Duration> full_until;
};

// One process's view of the storage, with its faults.
class FaultyBlobStores final : public BlobStoreFactory {
 public:
  struct Outside {
    World* world;
    Storage* storage;
    FailureWindows* windows;
    RivalWriters* rivals;
    const StoreTroubles* troubles;
    FaultPlan* faults;
  };
  FaultyBlobStores(Outside outside, Process* process, Doom* doom) : outside_(outside), process_(process), doom_(doom) {}
  absl::StatusOr<std::shared_ptr<BlobStore>> Open(std::string_view uri) override;

 private:
  const Outside outside_;
  Process* const process_;
  Doom* const doom_;
};

}  // namespace millrace::sim
