#pragma once

#include <map>
#include <string>

#include "base/error.h"
#include "base/mutex.h"
#include "base/random.h"
#include "coordinator/metadata_store.h"

namespace millrace {

// A MetadataStore in memory that fails and loses answers, by seed.
class FaultyMetadataStore final : public MetadataStore {
 public:
  explicit FaultyMetadataStore(uint64_t seed) : random_(seed) {}
  void set_failure_probability(double p) { probability_ = p; }

  absl::StatusOr<VersionedRecord> Get(std::string_view name) override {
    MutexLock lock(&mutex_);
    if (random_.Chance(probability_)) return Unavailable("lost");
    return Stored(name);
  }
  // Without faults.
  absl::StatusOr<VersionedRecord> Stored(std::string_view name) {
    auto found = records_.find(name);
    if (found == records_.end()) return NotFound(name);
    return found->second;
  }
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override {
    MutexLock lock(&mutex_);
    std::vector<std::string> names;
    for (const auto& [name, record] : records_) {
      if (name.starts_with(prefix)) names.push_back(name);
    }
    return names;
  }
  absl::StatusOr<uint64_t> CompareAndSet(std::string_view name, uint64_t expected, std::string_view bytes) override {
    MutexLock lock(&mutex_);
    if (random_.Chance(probability_)) return Unavailable("lost before it was written");
    VersionedRecord& record = records_[std::string(name)];
    if (record.version != expected) return Aborted("expected ", expected, ", found ", record.version);
    record = {std::string(bytes), expected + 1};
    if (random_.Chance(probability_)) return Unavailable("the answer is lost");
    return expected + 1;
  }

 private:
  Mutex mutex_;
  Random random_;
  double probability_ = 0;
  std::map<std::string, VersionedRecord, std::less<>> records_;
};

}  // namespace millrace
