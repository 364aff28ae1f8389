#include "worker/deployment.h"

#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "base/data_type.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"
#include "base/utf8.h"
#include "worker/operators/window_tables.h"
#include "worker/shuffle/remote_sender.h"
#include "worker/subtask_restore.h"

namespace millrace {

using internal::v1::ChainNode;
using internal::v1::Deploy;

namespace {

constexpr absl::Duration kRateInterval = absl::Milliseconds(500);

}  // namespace

internal::v1::Error ToError(const absl::Status& status) {
  internal::v1::Error error;
  error.set_code(static_cast<int>(status.code()));
  error.set_message(ToUtf8(StdView(status.message())));
  error.set_permanent(IsPermanent(status));
  return error;
}

Deployment::Deployment(const WorkerOptions& options, const std::vector<Slot>& slots, ShuffleRouter* router, Deploy deploy,
                       WorkerProbe* probe, Report report)
    : options_(options),
      slots_(slots),
      router_(router),
      plan_(std::make_shared<const Deploy>(std::move(deploy))),
      report_(std::move(report)),
      worker_probe_(probe),
      probe_(options_.metrics, options_.clock, *plan_),
      rate_since_(options_.clock->Monotonic()) {
  worker_probe_->Attach(&probe_);
}

Deployment::~Deployment() {
  *alive_ = false;
  worker_probe_->Detach(&probe_);
  failpoint::Around("deployment.end", [&] { router_->DetachUpTo(plan_->pipeline(), plan_->generation()); });
  for (auto& local : locals_) {
    Executor* executor = local->executor;
    // A restore may still hold the parts; whoever is last destroys them on the slot.
    executor->Post([gone = std::shared_ptr<LocalSubtask>(std::move(local))] {
      gone->subtask = nullptr;
      gone->parts = nullptr;
    });
  }
}

const ChainNode* Deployment::FindNode(const std::string& uid) const {
  for (const auto& stage : plan_->plan().stages()) {
    for (const auto& node : stage.nodes()) {
      if (node.uid() == uid) return &node;
    }
  }
  return nullptr;
}

LocalSubtask* Deployment::FindLocal(uint32_t stage, uint32_t index) {
  for (auto& local : locals_) {
    if (local->ref.stage() == stage && local->ref.index() == index) return local.get();
  }
  return nullptr;
}

const internal::v1::SubtaskPlacement& Deployment::PlacementOf(uint32_t stage, uint32_t index) const {
  auto found = std::find_if(plan_->placements().begin(), plan_->placements().end(),
                            [&](const auto& placement) { return placement.stage() == stage && placement.index() == index; });
  Check(found != plan_->placements().end(), "a deployment places every subtask");
  return *found;
}

void Deployment::Send(const internal::v1::SubtaskRef& ref, internal::v1::SubtaskPhase phase, const absl::Status& error) {
  internal::v1::WorkerMessage message;
  auto* status = message.mutable_subtask_status();
  *status->mutable_subtask() = ref;
  status->set_phase(phase);
  if (!error.ok()) *status->mutable_error() = ToError(error);
  report_(std::move(message));
}

void Deployment::MakeSubtask(const internal::v1::SubtaskPlacement& placement) {
  auto local = std::make_unique<LocalSubtask>();
  local->ref.set_pipeline(plan_->pipeline());
  local->ref.set_generation(plan_->generation());
  local->ref.set_stage(placement.stage());
  local->ref.set_index(placement.index());
  for (const auto& stage : plan_->plan().stages()) {
    if (stage.id() == placement.stage()) local->stage = &stage;
  }
  const Slot& slot = slots_[placement.slot() % slots_.size()];
  local->executor = slot.executor;
  local->slot_memory = slot.memory;
  local->parts = std::make_shared<Subtask::Parts>();
  local->parts->ref = local->ref;
  local->parts->plan = plan_;
  local->parts->key_groups =
      KeyGroupsOfSubtask(placement.index(), plan_->plan().parallelism(), plan_->plan().num_key_groups());

  local->probe = probe_.AddSubtask(*local->stage);

  // Reports hop to the worker's executor.
  auto post = [executor = options_.executor, alive = alive_](absl::AnyInvocable<void()> work) {
    executor->Post([alive, work = std::move(work)]() mutable {
      if (*alive) work();
    });
  };
  SubtaskEvents events;
  events.on_failed = [this, post, ref = local->ref](absl::Status why) {
    post([this, ref, why] { Send(ref, internal::v1::SUBTASK_PHASE_FAILED, why); });
  };
  events.on_drained = [this, post, ref = local->ref] {
    post([this, ref] { Send(ref, internal::v1::SUBTASK_PHASE_DRAINED, absl::OkStatus()); });
  };
  events.on_ack = [this, post](internal::v1::CheckpointAck ack) {
    post([this, ack = std::move(ack)]() mutable {
      internal::v1::WorkerMessage message;
      *message.mutable_checkpoint_ack() = std::move(ack);
      report_(std::move(message));
    });
  };
  Subtask::Environment environment{local->executor, options_.io_pool, options_.clock, nullptr,
                                   options_.log.With({{"pipeline", plan_->pipeline()},
                                                      {"generation", plan_->generation()},
                                                      {"subtask", Cat(placement.stage(), ".", placement.index())}}),
                                   local->probe,
                                   options_.memory};
  auto blobs = options_.blob_stores->Open(plan_->blob_root());
  if (blobs.ok()) environment.blobs = *blobs;
  local->subtask = std::make_shared<Subtask>(std::move(environment), std::move(events));
  locals_.push_back(std::move(local));
}

absl::StatusOr<std::vector<std::shared_ptr<arrow::Schema>>> Deployment::PortSchemas(const internal::v1::Exchange& exchange) const {
  const ChainNode* from = FindNode(exchange.from_uid());
  if (from == nullptr) return Internal("deploy: exchange ", exchange.id(), " leaves from an unknown node ", exchange.from_uid());
  if (static_cast<int>(exchange.from_output()) >= from->output_schemas_size()) {
    return Internal("deploy: node ", from->uid(), " has no output ", exchange.from_output());
  }
  ASSIGN_OR_RETURN(auto rows, SchemaOf(from->output_schemas(static_cast<int>(exchange.from_output())).columns()));
  std::vector<std::shared_ptr<arrow::Schema>> ports = {rows};
  if (from->has_local_combine() || from->has_local_group()) {
    const auto& keys = from->has_local_combine() ? from->local_combine().keys() : from->local_group().keys();
    ASSIGN_OR_RETURN(auto partials, PartialAggregateSchema(keys, *rows));
    ports.push_back(std::move(partials));
  }
  return ports;
}

size_t Deployment::NumWriters(const internal::v1::Exchange& exchange) const {
  return exchange.forward() ? 1 : plan_->plan().parallelism();
}

absl::Status Deployment::ConnectExchange(const internal::v1::Exchange& exchange) {
  ASSIGN_OR_RETURN(auto ports, PortSchemas(exchange));
  std::vector<std::vector<int>> key_columns;
  for (const auto& schema : ports) {
    std::vector<int>& columns = key_columns.emplace_back();
    for (const std::string& key : exchange.hash_keys()) columns.push_back(schema->GetFieldIndex(key));
  }
  const uint32_t parallelism = plan_->plan().parallelism();
  for (uint32_t to = 0; to < parallelism; ++to) {
    LocalSubtask* reader = FindLocal(exchange.to_stage(), to);
    if (reader != nullptr) reader->channels_in[exchange.id()] = NumWriters(exchange);
  }
  for (uint32_t from = 0; from < parallelism; ++from) {
    LocalSubtask* writer = FindLocal(exchange.from_stage(), from);
    std::vector<std::shared_ptr<ChannelWriter>> channels;
    for (uint32_t to = exchange.forward() ? from : 0; to < (exchange.forward() ? from + 1 : parallelism); ++to) {
      LocalSubtask* reader = FindLocal(exchange.to_stage(), to);
      ChannelKey key{plan_->pipeline(), plan_->generation(), exchange.id(), from, to};
      std::shared_ptr<Channel> channel;
      if (reader != nullptr) {
        std::function<void(const ChannelFeedback&)> feedback;
        if (writer != nullptr) {
          feedback = [waker = writer->subtask->waker()](const ChannelFeedback&) { waker->Wake(); };
        } else {
          feedback = [router = router_, key](const ChannelFeedback& consumed) { router->SendFeedback(key, consumed); };
        }
        channel = std::make_shared<Channel>(
            options_.channel_limit_bytes, [waker = reader->subtask->waker()] { waker->Wake(); }, std::move(feedback),
            options_.memory);
        reader->inbound.push_back(channel);
        probe_.AddChannel(exchange.to_uid(), channel);
        if (writer == nullptr) router_->Attach(key, channel, FrameDecoder(ports));
      }
      if (writer == nullptr) continue;
      if (reader != nullptr) {
        channels.push_back(channel);
        continue;
      }
      RemoteSender::Options remote;
      remote.address = PlacementOf(exchange.to_stage(), to).shuffle_address();
      remote.hello.set_pipeline(key.pipeline);
      remote.hello.set_generation(key.generation);
      remote.hello.set_exchange(key.exchange);
      remote.hello.set_from_index(from);
      remote.hello.set_to_index(to);
      remote.hello.set_frame_version(kFrameVersion);
      remote.limit_bytes = options_.channel_limit_bytes;
      remote.probe = worker_probe_;
      remote.memory = options_.memory;
      remote.wake_writer = [waker = writer->subtask->waker()] { waker->Wake(); };
      remote.on_broken = [weak = std::weak_ptr<Subtask>(writer->subtask)](absl::Status why) {
        if (auto subtask = weak.lock()) subtask->Fail(std::move(why));
      };
      channels.push_back(std::make_shared<RemoteSender>(options_.transport, writer->executor, std::move(remote)));
    }
    if (writer == nullptr) continue;
    std::vector<KeyEncoder> keys;
    for (size_t port = 0; port < ports.size() && !exchange.hash_keys().empty() && !exchange.forward(); ++port) {
      ASSIGN_OR_RETURN(KeyEncoder encoder, KeyEncoder::Make(*ports[port], key_columns[port]));
      keys.push_back(std::move(encoder));
    }
    auto exchange_writer =
        std::make_unique<ExchangeWriter>(std::move(channels), std::move(keys), plan_->plan().num_key_groups());
    writer->exchanges_out[{exchange.from_uid(), exchange.from_output()}].push_back(exchange_writer.get());
    writer->parts->exchanges.push_back(std::move(exchange_writer));
  }
  return absl::OkStatus();
}

absl::Status Deployment::Start() {
  for (const auto& placement : plan_->placements()) {
    if (placement.worker_id() == options_.worker_id) MakeSubtask(placement);
  }
  for (const auto& exchange : plan_->plan().exchanges()) RETURN_IF_ERROR(ConnectExchange(exchange));
  for (auto& local : locals_) {
    local->has_source = !local->stage->nodes().empty() && local->stage->nodes(0).has_source();
    // The restore works on a copy of what it needs, so that the deployment may end meanwhile.
    auto work = std::make_shared<LocalSubtask>(*local);
    options_.io_pool->Run([this, options = options_, plan = plan_, alive = alive_, work = std::move(work)]() mutable {
      absl::Status status =
          failpoint::Around("subtask.restore", [&] { return SubtaskRestore(options, *plan, *work).Run(); });
      // Moved from closure to closure: the subtask must not be destroyed on a thread that is not its own.
      options.executor->Post([this, alive, work = std::move(work), status]() mutable {
        Executor* executor = work->executor;
        bool starts = *alive && status.ok();
        if (*alive) LogRestored(work->ref, status);
        if (*alive) Send(work->ref, starts ? internal::v1::SUBTASK_PHASE_RUNNING : internal::v1::SUBTASK_PHASE_FAILED, status);
        executor->Post([work = std::move(work), starts] {
          if (starts) work->subtask->Start(std::move(*work->parts));
          work->parts = nullptr;
        });
      });
    });
  }
  return absl::OkStatus();
}

void Deployment::Trigger(const internal::v1::TriggerCheckpoint& trigger) {
  for (auto& local : locals_) {
    if (!local->has_source) {
      local->executor->Post([subtask = local->subtask, epoch = Epoch(trigger.epoch())] { subtask->ExpectBarrier(epoch); });
      continue;
    }
    local->executor->Post([subtask = local->subtask, epoch = Epoch(trigger.epoch()), kind = static_cast<BarrierKind>(trigger.kind())] {
      subtask->Trigger(epoch, kind);
    });
  }
}

void Deployment::Abort(Epoch epoch) {
  for (auto& local : locals_) local->executor->Post([subtask = local->subtask, epoch] { subtask->Abort(epoch); });
}

void Deployment::OnCheckpointCompleted(Epoch epoch) {
  for (auto& local : locals_) {
    local->executor->Post([subtask = local->subtask, epoch] { subtask->OnCheckpointCompleted(epoch); });
  }
}

void Deployment::AddSplits(const internal::v1::SplitAssignment& assignment) {
  for (auto& local : locals_) {
    if (!local->has_source || local->ref.index() != assignment.index()) continue;
    if (local->stage->nodes(0).uid() != assignment.source_uid()) continue;
    local->executor->Post([subtask = local->subtask, assignment] {
      std::vector<storage::v1::SplitState> splits(assignment.splits().begin(), assignment.splits().end());
      subtask->AddSplits(splits);
    });
  }
}

void Deployment::LogRestored(const internal::v1::SubtaskRef& ref, const absl::Status& status) const {
  Logger log = options_.log.With({{"pipeline", ref.pipeline()},
                                  {"generation", ref.generation()},
                                  {"subtask", Cat(ref.stage(), ".", ref.index())},
                                  {"epoch", plan_->restore().epoch()}});
  if (status.ok()) return log.Info("subtask_restored");
  log.Error("restore_failed", {{"why", status}});
}

v1::Progress Deployment::TakeProgress() {
  v1::Progress total;
  bool lag_known = true;
  int64_t lag = 0;
  for (const auto& local : locals_) {
    v1::Progress one = local->subtask->progress();
    total.set_records_in(total.records_in() + one.records_in());
    total.set_dead_letters(total.dead_letters() + one.dead_letters());
    total.set_late_records(total.late_records() + one.late_records());
    total.set_shuffle_bytes(total.shuffle_bytes() + one.shuffle_bytes());
    lag_known = lag_known && one.lag_records() >= 0;
    lag += one.lag_records();
    if (one.has_watermark_ms() && (!total.has_watermark_ms() || one.watermark_ms() < total.watermark_ms())) {
      total.set_watermark_ms(one.watermark_ms());
    }
  }
  total.set_lag_records(lag_known ? lag : -1);
  absl::Duration now = options_.clock->Monotonic();
  if (now - rate_since_ >= kRateInterval) {
    records_per_second_ = static_cast<double>(total.records_in() - rate_records_) / absl::ToDoubleSeconds(now - rate_since_);
    rate_since_ = now;
    rate_records_ = total.records_in();
  }
  total.set_records_per_second(records_per_second_);
  return total;
}

}  // namespace millrace
