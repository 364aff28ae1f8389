#include "worker/epoch_writer.h"

#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"
#include "state/checkpoint_paths.h"

namespace millrace {
namespace {

// Blocks.
absl::Status WriteEpoch(const EpochWriter::Environment& to, WrittenEpoch& written) {
  SealedEpoch& sealed = written.sealed;
  for (auto& part : sealed.chain.operators) {
    StateBackend& backend = *to.backends.at(part.uid);
    if (part.frozen != nullptr) {
      RETURN_IF_ERROR(part.frozen->WriteTo(backend));
      const uint64_t bytes = part.frozen->num_bytes();
      part.frozen = nullptr;
      sealed.frozen.Resize(sealed.frozen.bytes() - bytes);
    }
    const absl::Duration upload_began = to.clock->Monotonic();
    const uint64_t uploaded_before = backend.uploaded_bytes();
    const std::string prefix = StatePrefix(to.plan->pipeline(), to.plan->lineage(), part.uid, sealed.epoch);
    ASSIGN_OR_RETURN(auto handle, backend.Snapshot(sealed.epoch, to.key_groups, *to.blobs, prefix));
    written.uploading += to.clock->Monotonic() - upload_began;
    for (const auto& file : handle.files()) written.state_bytes += file.size_bytes();
    written.uploaded_bytes += backend.uploaded_bytes() - uploaded_before;
    storage::v1::OperatorState& state = written.operators.emplace_back();
    state.set_uid(part.uid);
    if (part.watermark != kNoWatermark) state.set_watermark_micros(part.watermark);
    *state.add_handles() = std::move(handle);
  }
  const absl::Duration staging_began = to.clock->Monotonic();
  for (auto& part : sealed.chain.sinks) {
    ASSIGN_OR_RETURN(std::string committable, part.staged->Persist());
    if (!committable.empty()) written.staged.emplace_back(part.uid, std::move(committable));
  }
  written.uploading += to.clock->Monotonic() - staging_began;
  return absl::OkStatus();
}

}  // namespace

void EpochWriter::Add(ChainPart part) {
  ++num_parts_;
  waiting_.push_back(std::move(part));
  Next();
}

void EpochWriter::Add(SealedEpoch epoch) {
  waiting_.push_back(std::move(epoch));
  Next();
}

void EpochWriter::Next() {
  if (stopped_ || writing_ || waiting_.empty()) return;
  writing_ = true;
  auto next = std::move(waiting_.front());
  waiting_.pop_front();
  std::visit([this](auto& what) { Write(std::move(what)); }, next);
}

void EpochWriter::Write(ChainPart part) {
  environment_.io_pool->Run([this, alive = alive_, executor = environment_.executor, part = std::move(part)]() mutable {
    absl::Status status = Annotate(part.part->Persist(), "write rows of sink ", part.uid);
    part.part = nullptr;
    executor->Post([this, alive, status] {
      if (!*alive) return;
      --num_parts_;
      if (!Ended(status)) return;
      events_.on_part();
      Next();
    });
  });
}

void EpochWriter::Write(SealedEpoch epoch) {
  auto written = std::make_shared<WrittenEpoch>();
  written->sealed = std::move(epoch);
  environment_.io_pool->Run([this, alive = alive_, written, to = environment_] {
    const absl::Duration began = to.clock->Monotonic();
    const absl::Status status = failpoint::Around("subtask.persist", [&] { return WriteEpoch(to, *written); });
    written->took = to.clock->Monotonic() - began;
    to.executor->Post([this, alive, written, status] {
      if (!*alive || !Ended(Annotate(status, "snapshot of epoch ", written->sealed.epoch.value()))) return;
      events_.on_epoch(std::move(*written));
      Next();
    });
  });
}

bool EpochWriter::Ended(absl::Status status) {
  writing_ = false;
  if (stopped_) return false;
  if (status.ok()) return true;
  stopped_ = true;
  events_.on_failed(std::move(status));
  return false;
}

}  // namespace millrace
