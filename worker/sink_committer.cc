#include "worker/sink_committer.h"

#include <arrow/type.h>

#include <utility>
#include <vector>

#include "base/data_type.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"
#include "worker/deployment.h"

namespace millrace {
namespace {

absl::StatusOr<std::shared_ptr<Committer>> MakeCommitter(const WorkerOptions& options, const internal::v1::CommitEpoch& request) {
  SinkSpec spec;
  spec.identity = {request.pipeline(), request.sink_uid(), request.lineage()};
  spec.sink = request.sink().sink();
  spec.generation = Generation(request.generation());
  if (request.sink().input_schemas().empty()) return Internal("commit: sink ", request.sink_uid(), " has no schema");
  ASSIGN_OR_RETURN(spec.schema, SchemaOf(request.sink().input_schemas(0).columns()));
  ASSIGN_OR_RETURN(const SinkConnector* connector, options.connectors->FindSink(spec.sink.connector()));
  ASSIGN_OR_RETURN(auto committer, connector->MakeCommitter(spec));
  return std::shared_ptr<Committer>(std::move(committer));
}

absl::StatusOr<CommitReceipt> Carry(Committer& committer, const internal::v1::CommitEpoch& request) {
  if (request.fence()) return committer.Fence(Generation(request.generation()), Epoch(request.epoch()), request.table_id());
  std::vector<storage::v1::Committable> committables(request.committables().begin(), request.committables().end());
  std::vector<storage::v1::SourceState> positions(request.positions().begin(), request.positions().end());
  return committer.Commit(
      {Generation(request.generation()), Epoch(request.epoch()), committables, positions, request.table_id(), request.verify()});
}

}  // namespace

SinkCommitter::SinkCommitter(const WorkerOptions& options, Report report) : options_(options), report_(std::move(report)) {}

SinkCommitter::~SinkCommitter() { *alive_ = false; }

void SinkCommitter::Clear() {
  for (auto& [key, queue] : queues_) queue.waiting.clear();
}

void SinkCommitter::Commit(internal::v1::CommitEpoch request) {
  std::string key = Cat(request.pipeline(), "/", request.sink_uid());
  queues_[key].waiting.push_back(std::move(request));
  Next(key);
}

void SinkCommitter::Next(const std::string& key) {
  Queue& queue = queues_[key];
  if (queue.busy || queue.waiting.empty()) return;
  queue.busy = true;
  auto request = std::make_shared<internal::v1::CommitEpoch>(std::move(queue.waiting.front()));
  queue.waiting.pop_front();
  std::string identity = Cat(request->lineage(), "/", request->generation());
  if (identity != queue.identity) queue.committer = nullptr;
  queue.identity = identity;
  options_.io_pool->Run([this, alive = alive_, options = options_, key, request, committer = queue.committer]() mutable {
    absl::Duration began = options.clock->Monotonic();
    absl::StatusOr<CommitReceipt> receipt = [&]() -> absl::StatusOr<CommitReceipt> {
      if (committer == nullptr) {
        ASSIGN_OR_RETURN(committer, failpoint::Around("committer.open", [&] { return MakeCommitter(options, *request); }));
      }
      return failpoint::Around("commit.carry", [&] { return Carry(*committer, *request); });
    }();
    absl::Duration took = options.clock->Monotonic() - began;
    options.executor->Post([this, alive, key, request, committer, receipt, took] {
      if (!*alive) return;
      Queue& done = queues_[key];
      done.busy = false;
      if (done.identity == Cat(request->lineage(), "/", request->generation())) done.committer = committer;
      internal::v1::CommitResult result;
      result.set_pipeline(request->pipeline());
      result.set_generation(request->generation());
      result.set_epoch(request->epoch());
      result.set_sink_uid(request->sink_uid());
      result.set_took_micros(static_cast<uint64_t>(absl::ToInt64Microseconds(took)));
      if (receipt.ok()) {
        result.set_duplicate(receipt->duplicate);
        result.set_table_version(receipt->table_version);
        result.set_num_rows(receipt->num_rows);
        for (uint64_t bytes : receipt->file_bytes) result.add_file_bytes(bytes);
        result.set_num_conflicts(receipt->num_conflicts);
      } else {
        options_.log.Warning("commit_failed", {{"pipeline", request->pipeline()},
                                               {"generation", request->generation()},
                                               {"epoch", request->epoch()},
                                               {"sink", request->sink_uid()},
                                               {"why", receipt.status()}});
        *result.mutable_error() =
            ToError(Annotate(receipt.status(), "commit epoch ", request->epoch(), " of sink ", request->sink_uid()));
      }
      report_(std::move(result));
      Next(key);
    });
  });
}

}  // namespace millrace
