#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "connectors/sink.h"
#include "millrace/internal/v1/control.pb.h"
#include "worker/worker_options.h"

namespace millrace {

// Carries out the commits that the coordinator appoints this worker to: per sink one at a time, in the order in which
// they came. Committers work in a process that never saw the rows, so that any worker can be appointed.
//
// Thread:  the worker's executor; committing on the IoPool.
class SinkCommitter {
 public:
  using Report = std::function<void(internal::v1::CommitResult)>;
  SinkCommitter(const WorkerOptions& options, Report report);
  ~SinkCommitter();
  void Commit(internal::v1::CommitEpoch request);
  // Forgets what has not begun.
  void Clear();

 private:
  struct Queue {
    std::deque<internal::v1::CommitEpoch> waiting;
    bool busy = false;
    // Of the last request; another lineage or generation makes another one.
    std::string identity;
    std::shared_ptr<Committer> committer;
  };
  void Next(const std::string& key);

  const WorkerOptions options_;
  const Report report_;
  std::map<std::string, Queue> queues_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace millrace
