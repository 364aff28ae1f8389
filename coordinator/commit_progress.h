#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/ids.h"
#include "millrace/internal/v1/control.pb.h"
#include "millrace/storage/v1/manifest.pb.h"

namespace millrace {

// The commits of one completed epoch: one per sink, each made by one appointed worker. Another is appointed when that
// one is lost, or does not answer for 20 s: it may hang in a call that never ends. Pure. A lost or a late answer is no
// reason to doubt: a commit that is sent again finds itself in the table.
class CommitProgress {
 public:
  struct Appointment {
    std::string sink_uid;
    std::string worker_id;
  };
  enum class Answer { kIgnored, kCommitted, kRetry, kPermanent };

  // Sinks without committables have nothing to commit.
  explicit CommitProgress(const storage::v1::Manifest& manifest);
  // Something that every one of these sinks has to do.
  explicit CommitProgress(const std::vector<std::string>& sink_uids);
  // Appoints workers for the sinks that have none or have waited for too long, when their time has come.
  std::vector<Appointment> Appoint(absl::Duration now, const std::vector<std::string>& workers);
  Answer OnResult(const std::string& worker_id, const internal::v1::CommitResult& result, absl::Duration now);
  void OnWorkerLost(const std::string& worker_id);
  bool done() const { return open_.empty(); }

 private:
  struct Open {
    std::optional<std::string> worker;
    absl::Duration asked_at;
    // All that have been: whoever says that it is in the table is right.
    std::set<std::string> asked;
    absl::Duration not_before = -absl::InfiniteDuration();
    int num_retries = 0;
  };
  std::map<std::string, Open> open_;
  size_t next_worker_ = 0;
};

}  // namespace millrace
