#include "tests/sim/sim_storage.h"

#include "base/error.h"

namespace millrace::sim {
namespace {

constexpr absl::Duration kLatest = absl::Milliseconds(400);
constexpr absl::Duration kLongestStall = absl::Milliseconds(200);
constexpr char kRivalCommit[] = R"({"commitInfo":{"timestamp":0,"operation":"WRITE","engineInfo":"rival"}})";

class FaultyBlobStore final : public BlobStore {
 public:
  FaultyBlobStore(FaultyBlobStores::Outside outside, std::string uri, Process* process, Doom* doom)
      : outside_(outside), uri_(std::move(uri)), inner_(outside.storage->At(uri_)), process_(process), doom_(doom) {}

  absl::StatusOr<std::string> Get(std::string_view name) override {
    if (Fails(name)) return Error();
    auto bytes = inner_->Get(name);
    MayStall();
    return bytes;
  }
  absl::Status Put(std::string_view name, std::string_view bytes) override {
    outside_.world->Trace(name);
    if (FailsToPut(name)) return Error();
    absl::Status status = inner_->Put(name, bytes);
    outside_.windows->OnPutDone(*process_, uri_, name, bytes, status.ok());
    return AnswerIsLost(name) ? Error() : status;
  }
  absl::StatusOr<PutResult> PutIfAbsent(std::string_view name, std::string_view bytes) override {
    outside_.world->Trace(name);
    if (FailsToPut(name)) return Error();
    if (random().Chance(outside_.faults->late_put_chance)) {
      PutLate(name, bytes);
      return Error();
    }
    LetRivalsWin(name);
    auto result = inner_->PutIfAbsent(name, bytes);
    outside_.windows->OnPutDone(*process_, uri_, name, bytes, result.ok() && *result == PutResult::kCreated);
    if (AnswerIsLost(name)) return Error();
    return result;
  }
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override {
    if (Fails(prefix)) return Error();
    auto names = inner_->List(prefix);
    MayStall();
    return names;
  }
  absl::Status Delete(std::string_view name) override {
    if (Fails(name)) return Error();
    outside_.windows->OnDelete(*process_, uri_, name);
    return inner_->Delete(name);
  }
  absl::StatusOr<int64_t> Size(std::string_view name) override {
    if (Fails(name)) return Error();
    return inner_->Size(name);
  }

 private:
  static absl::Status Error() { return Unavailable("storage: a planned fault"); }
  Random& random() { return outside_.world->random(); }
  bool Dead() const { return doom_->doomed || !process_->alive; }
  void MayStall() {
    double chance = outside_.faults->stall_chance;
    if (chance > 0 && random().Chance(chance)) outside_.world->Sleep(outside_.world->Jitter(kLongestStall));
  }
  bool Fails(std::string_view name) {
    MayStall();
    if (Dead()) return true;
    outside_.windows->OnTouch(*process_, uri_, name, outside_.world->in_hand_when_frozen());
    if (random().Chance(outside_.faults->crash_chance / 2)) doom_->doomed = true;
    if (doom_->doomed) return true;
    if (!random().Chance(outside_.faults->error_chance)) return false;
    outside_.windows->OnFault();
    return true;
  }
  bool FailsToPut(std::string_view name) {
    bool was_dead = Dead();
    if (!Fails(name)) return false;
    if (!was_dead && doom_->doomed) outside_.windows->OnCrashBeforePut(uri_, name);
    return true;
  }
  bool AnswerIsLost(std::string_view name) {
    MayStall();
    if (Dead()) return true;
    if (random().Chance(outside_.faults->crash_chance / 2)) doom_->doomed = true;
    if (doom_->doomed) return true;
    if (!random().Chance(outside_.faults->lost_answer_chance)) return false;
    outside_.windows->OnLostAnswer(uri_, name);
    return true;
  }
  void PutLate(std::string_view name, std::string_view bytes) {
    outside_.windows->OnFault();
    outside_.world->Later(kLatest, [outside = outside_, uri = uri_, inner = inner_, process = process_, name = std::string(name),
                                    bytes = std::string(bytes)] {
      outside.world->Trace(Cat("late ", name));
      auto result = inner->PutIfAbsent(name, bytes);
      bool created = result.ok() && *result == PutResult::kCreated;
      outside.windows->OnLatePut(*process, uri, name, created);
      // Nobody holds a term whose write was taken for failed.
      if (!name.starts_with("leadership/")) outside.windows->OnPutDone(*process, uri, name, bytes, created);
    });
  }
  void LetRivalsWin(std::string_view name) {
    // Version 0 makes the table.
    if (!name.starts_with("_delta_log/") || !name.ends_with(".json") || name.ends_with("/00000000000000000000.json")) return;
    int& left = outside_.rivals->left[uri_];
    if (left == 0 && random().Chance(outside_.faults->rival_chance)) {
      left = random().Chance(0.2) ? 250 : 1 + static_cast<int>(random().Below(3));
      outside_.rivals->in_a_row[uri_] = 0;
    }
    if (left == 0) return;
    auto won = inner_->PutIfAbsent(name, kRivalCommit);
    if (!won.ok() || *won != PutResult::kCreated) return;
    --left;
    outside_.windows->OnRivals(uri_, ++outside_.rivals->in_a_row[uri_]);
  }

  const FaultyBlobStores::Outside outside_;
  const std::string uri_;
  const std::shared_ptr<BlobStore> inner_;
  Process* const process_;
  Doom* const doom_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<BlobStore>> FaultyBlobStores::Open(std::string_view uri) {
  return std::shared_ptr<BlobStore>(std::make_shared<FaultyBlobStore>(outside_, std::string(uri), process_, doom_));
}

}  // namespace millrace::sim
