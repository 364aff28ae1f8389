#include "tests/sim/sim_storage.h"

#include "base/error.h"

namespace millrace::sim {
namespace {

class FaultyBlobStore final : public BlobStore {
 public:
  FaultyBlobStore(World* world, std::shared_ptr<BlobStore> inner, Process* process, Doom* doom, const StorageFaults* faults)
      : world_(world), inner_(std::move(inner)), process_(process), doom_(doom), faults_(faults) {}

  absl::StatusOr<std::string> Get(std::string_view name) override {
    if (Fails()) return Error();
    return inner_->Get(name);
  }
  absl::Status Put(std::string_view name, std::string_view bytes) override {
    world_->Trace(name);
    if (Fails()) return Error();
    absl::Status status = inner_->Put(name, bytes);
    return AnswerIsLost() ? Error() : status;
  }
  absl::StatusOr<PutResult> PutIfAbsent(std::string_view name, std::string_view bytes) override {
    world_->Trace(name);
    if (Fails()) return Error();
    auto result = inner_->PutIfAbsent(name, bytes);
    if (AnswerIsLost()) return Error();
    return result;
  }
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override {
    if (Fails()) return Error();
    return inner_->List(prefix);
  }
  absl::Status Delete(std::string_view name) override {
    if (Fails()) return Error();
    return inner_->Delete(name);
  }
  absl::StatusOr<int64_t> Size(std::string_view name) override {
    if (Fails()) return Error();
    return inner_->Size(name);
  }

 private:
  static absl::Status Error() { return Unavailable("storage: a planned fault"); }
  bool Dead() const { return doom_->doomed || !process_->alive; }
  bool Fails() {
    if (Dead()) return true;
    if (world_->random().Chance(faults_->crash_chance / 2)) doom_->doomed = true;
    return doom_->doomed || world_->random().Chance(faults_->error_chance);
  }
  bool AnswerIsLost() {
    if (world_->random().Chance(faults_->crash_chance / 2)) doom_->doomed = true;
    return doom_->doomed || world_->random().Chance(faults_->lost_answer_chance);
  }

  World* const world_;
  const std::shared_ptr<BlobStore> inner_;
  Process* const process_;
  Doom* const doom_;
  const StorageFaults* const faults_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<BlobStore>> FaultyBlobStores::Open(std::string_view uri) {
  return std::shared_ptr<BlobStore>(
      std::make_shared<FaultyBlobStore>(world_, storage_->At(std::string(uri)), process_, doom_, faults_));
}

}  // namespace millrace::sim
