#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/blob_store.h"
#include "base/error.h"
#include "base/random.h"

namespace millrace {

// Loses answers of another store, by seed: a put may be applied or not, or be applied later, after its sender was told
// that nobody knows; a read may fail. In between it lets others run.
class FaultyBlobStore final : public BlobStore {
 public:
  FaultyBlobStore(BlobStore* store, uint64_t seed) : store_(store), random_(seed) {}

  // Called now and then before an operation.
  void set_interleave(std::function<void()> interleave) { interleave_ = std::move(interleave); }
  void set_faults(bool faults) { faults_ = faults; }
  // What may be deleted. Unless it is said: nothing.
  void set_may_delete(std::function<bool(std::string_view)> may_delete) { may_delete_ = std::move(may_delete); }
  void LandDelayed() {
    for (auto& [name, bytes] : std::exchange(delayed_, {})) (void)store_->PutIfAbsent(name, bytes);
  }

  absl::StatusOr<std::string> Get(std::string_view name) override {
    Before();
    if (Fault(0.03)) return Unavailable("read ", name, ": planted");
    return store_->Get(name);
  }
  absl::Status Put(std::string_view name, std::string_view bytes) override {
    Before();
    if (Fault(0.1)) return Unavailable("write ", name, ": planted, not applied");
    absl::Status status = store_->Put(name, bytes);
    if (Fault(0.1)) return Unavailable("write ", name, ": planted, applied");
    return status;
  }
  absl::StatusOr<PutResult> PutIfAbsent(std::string_view name, std::string_view bytes) override {
    Before();
    if (Fault(0.15)) {
      delayed_.emplace_back(name, bytes);
      return Unavailable("create ", name, ": planted, on its way");
    }
    if (Fault(0.1)) return Unavailable("create ", name, ": planted, not applied");
    absl::StatusOr<PutResult> result = store_->PutIfAbsent(name, bytes);
    if (Fault(0.15)) return Unavailable("create ", name, ": planted, answer lost");
    return result;
  }
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override { return store_->List(prefix); }
  absl::Status Delete(std::string_view name) override {
    Before();
    if (!may_delete_ || !may_delete_(name)) ADD_FAILURE() << "it may not be deleted, but was: " << name;
    if (Fault(0.1)) return Unavailable("delete ", name, ": planted, not applied");
    absl::Status status = store_->Delete(name);
    if (Fault(0.1)) return Unavailable("delete ", name, ": planted, applied");
    return status;
  }
  absl::StatusOr<int64_t> Size(std::string_view name) override {
    Before();
    if (Fault(0.03)) return Unavailable("stat ", name, ": planted");
    return store_->Size(name);
  }

 private:
  bool Fault(double probability) { return faults_ && random_.Chance(probability); }
  void Before() {
    if (!faults_) return;
    if (!delayed_.empty() && random_.Chance(0.2)) {
      auto at = delayed_.begin() + static_cast<std::ptrdiff_t>(random_.Below(delayed_.size()));
      (void)store_->PutIfAbsent(at->first, at->second);
      delayed_.erase(at);
    }
    if (interleave_ && random_.Chance(0.1)) interleave_();
  }

  BlobStore* const store_;
  Random random_;
  bool faults_ = true;
  std::function<void()> interleave_;
  std::function<bool(std::string_view)> may_delete_;
  std::vector<std::pair<std::string, std::string>> delayed_;
};

}  // namespace millrace
