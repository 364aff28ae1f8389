#include "coordinator/commit_progress.h"

#include <algorithm>

#include "absl/status/status.h"
#include "base/planted_bug.h"

namespace millrace {
namespace {

constexpr absl::Duration kFirstBackoff = absl::Milliseconds(100);
constexpr absl::Duration kMaxBackoff = absl::Seconds(10);
constexpr absl::Duration kAnswerTimeout = absl::Seconds(20);

}  // namespace

CommitProgress::CommitProgress(const storage::v1::Manifest& manifest) {
  for (const storage::v1::SinkState& sink : manifest.sinks()) {
    if (!sink.committables().empty()) open_.try_emplace(sink.uid());
  }
}

CommitProgress::CommitProgress(const std::vector<std::string>& sink_uids) {
  for (const std::string& uid : sink_uids) open_.try_emplace(uid);
}

std::vector<CommitProgress::Appointment> CommitProgress::Appoint(absl::Duration now, const std::vector<std::string>& workers) {
  std::vector<Appointment> appointments;
  if (workers.empty()) return appointments;
  for (auto& [uid, open] : open_) {
    if (now < open.not_before) continue;
    if (open.worker && now - open.asked_at < kAnswerTimeout) continue;
    // Behind a call that hangs, a worker would only queue what it is asked again.
    if (workers[next_worker_ % workers.size()] == open.worker) ++next_worker_;
    if (workers[next_worker_ % workers.size()] == open.worker) continue;
    open.worker = workers[next_worker_++ % workers.size()];
    open.asked_at = now;
    open.asked.insert(*open.worker);
    appointments.push_back({uid, *open.worker});
  }
  return appointments;
}

CommitProgress::Answer CommitProgress::OnResult(const std::string& worker_id, const internal::v1::CommitResult& result,
                                                absl::Duration now) {
  auto found = open_.find(result.sink_uid());
  if (found == open_.end() || !found->second.asked.contains(worker_id)) return Answer::kIgnored;
  if (!result.has_error() || MILLRACE_PLANTED(failed_commit_taken_for_done)) {
    open_.erase(found);
    return Answer::kCommitted;
  }
  if (found->second.worker != worker_id) return Answer::kIgnored;
  // Aborted: someone newer owns the table; asking again does not change that.
  bool fenced = result.error().code() == static_cast<int>(absl::StatusCode::kAborted);
  if (result.error().permanent() || fenced) return Answer::kPermanent;
  Open& open = found->second;
  open.worker.reset();
  absl::Duration backoff = kFirstBackoff;
  for (int i = 0; i < open.num_retries && backoff < kMaxBackoff; ++i) backoff *= 2;
  ++open.num_retries;
  open.not_before = now + std::min(backoff, kMaxBackoff);
  return Answer::kRetry;
}

void CommitProgress::OnWorkerLost(const std::string& worker_id) {
  for (auto& [uid, open] : open_) {
    if (open.worker == worker_id) open.worker.reset();
  }
}

}  // namespace millrace
