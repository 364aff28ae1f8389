#include "tests/sim/sim_storage.h"

#include "base/error.h"
#include "base/macros.h"

namespace millrace::sim {
namespace {

constexpr uint64_t kLatestMillis = 400;
constexpr uint64_t kLongestStallMillis = 200;
constexpr char kRivalCommit[] = R"({"commitInfo":{"timestamp":0,"operation":"WRITE","engineInfo":"rival"}})";

class FaultyBlobStore final : public BlobStore {
 public:
  FaultyBlobStore(FaultyBlobStores::Outside outside, std::string uri, Process* process, Doom* doom)
      : outside_(outside), uri_(std::move(uri)), inner_(outside.storage->At(uri_)), process_(process), doom_(doom) {}

  absl::StatusOr<std::string> Get(std::string_view name) override {
    RETURN_IF_ERROR(Enter(name));
    return inner_->Get(name);
  }
  absl::Status Put(std::string_view name, std::string_view bytes) override {
    outside_.world->Trace(name);
    RETURN_IF_ERROR(EnterPut(name));
    absl::Status status = inner_->Put(name, bytes);
    outside_.windows->OnPutDone(*process_, uri_, name, bytes, status.ok());
    return AnswerIsLost(name) ? Error() : status;
  }
  absl::StatusOr<PutResult> PutIfAbsent(std::string_view name, std::string_view bytes) override {
    outside_.world->Trace(name);
    RETURN_IF_ERROR(EnterPut(name));
    if (Fault* late = Takes(FaultKind::kLatePut)) {
      PutLate(*late, name, bytes);
      return Error();
    }
    LetRivalsWin(name);
    auto result = inner_->PutIfAbsent(name, bytes);
    outside_.windows->OnPutDone(*process_, uri_, name, bytes, result.ok() && *result == PutResult::kCreated);
    if (AnswerIsLost(name)) return Error();
    return result;
  }
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override {
    RETURN_IF_ERROR(Enter(prefix));
    return inner_->List(prefix);
  }
  absl::Status Delete(std::string_view name) override {
    RETURN_IF_ERROR(Enter(name));
    outside_.windows->OnDelete(*process_, uri_, name);
    return inner_->Delete(name);
  }
  absl::StatusOr<int64_t> Size(std::string_view name) override {
    RETURN_IF_ERROR(Enter(name));
    return inner_->Size(name);
  }

 private:
  static absl::Status Error() { return Unavailable("storage: a planned fault"); }
  Fault* Takes(FaultKind kind) { return outside_.faults->Take(kind, process_->name); }
  bool Dead() const { return doom_->doomed || !process_->alive; }
  void MayStall() {
    if (Dead()) return;
    Fault* stall = Takes(FaultKind::kStall);
    if (stall == nullptr) return;
    absl::Duration length = absl::Milliseconds(static_cast<int64_t>(1 + stall->random.Below(kLongestStallMillis)));
    stall->until = stall->at + length;
    outside_.world->Sleep(length);
  }
  bool IsIn(const std::map<std::string, absl::Duration>& until) const {
    auto found = until.find(uri_);
    return found != until.end() && outside_.world->now() < found->second;
  }
  // Error: the call fails, and nothing is done.
  absl::Status Enter(std::string_view name) {
    MayStall();
    if (Dead()) return Error();
    outside_.windows->OnTouch(*process_, uri_, name, outside_.world->in_hand_when_frozen());
    if (Fault* crash = Takes(FaultKind::kCrashBefore)) doom_->Seal(*crash);
    if (Dead() || IsIn(outside_.troubles->down_until)) return Error();
    if (Takes(FaultKind::kError) == nullptr) return absl::OkStatus();
    outside_.windows->OnFault();
    return Error();
  }
  absl::Status EnterPut(std::string_view name) {
    bool was_dead = Dead();
    absl::Status status = Enter(name);
    if (!was_dead && doom_->doomed) outside_.windows->OnCrashBeforePut(uri_, name);
    if (status.ok() && IsIn(outside_.troubles->full_until)) return ResourceExhausted("storage: planned to be full: ", uri_);
    return status;
  }
  bool AnswerIsLost(std::string_view name) {
    MayStall();
    if (Dead()) return true;
    if (Fault* crash = Takes(FaultKind::kCrashAfter)) doom_->Seal(*crash);
    if (doom_->doomed) return true;
    if (Takes(FaultKind::kLostAnswer) == nullptr) return false;
    outside_.windows->OnLostAnswer(uri_, name);
    return true;
  }
  void PutLate(Fault& fault, std::string_view name, std::string_view bytes) {
    outside_.windows->OnFault();
    absl::Duration delay = absl::Milliseconds(static_cast<int64_t>(1 + fault.random.Below(kLatestMillis)));
    fault.until = fault.at + delay;
    outside_.world->After(delay, nullptr, [outside = outside_, uri = uri_, inner = inner_, process = process_, name = std::string(name),
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
    if (left == 0) {
      if (Fault* rival = Takes(FaultKind::kRival)) {
        left = rival->random.Chance(0.2) ? 250 : 1 + static_cast<int>(rival->random.Below(3));
        outside_.rivals->in_a_row[uri_] = 0;
      }
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

void Doom::Seal(Fault& fault) {
  if (doomed) return;
  doomed = true;
  restart_after = absl::Milliseconds(static_cast<int64_t>(10 + fault.random.Below(300)));
  fault.until = fault.at + restart_after;
}

absl::StatusOr<std::shared_ptr<BlobStore>> FaultyBlobStores::Open(std::string_view uri) {
  return std::shared_ptr<BlobStore>(std::make_shared<FaultyBlobStore>(outside_, std::string(uri), process_, doom_));
}

}  // namespace millrace::sim
