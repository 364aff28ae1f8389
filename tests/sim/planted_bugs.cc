#include "tests/sim/planted_bugs.h"

#include <utility>

#include "base/error.h"
#include "base/macros.h"
#include "coordinator/file_metadata_store.h"
#include "coordinator/record_codec.h"
#include "millrace/storage/v1/manifest.pb.h"
#include "tests/planted/planted_switch.h"

namespace millrace::sim {
namespace {

constexpr PlantedBug kBugs[] = {
    {"txn_check_skipped", "a commit does not look whether its epoch is in the table"},
    {"txn_check_once", "it looks before its first put only"},
    {"equal_epoch_accepted", "an epoch that is in the table is taken for older than itself"},
    {"own_put_taken_for_anothers", "a put whose answer was lost is, when found, taken for somebody else's"},
    {"unknown_commit_taken_for_done", "a commit without an answer is taken for done"},
    {"failed_commit_taken_for_done", "the coordinator takes a failed commit for done"},
    {"files_deleted_on_unknown_commit", "staged files are deleted when a commit's outcome is unknown"},
    {"log_version_overwritten", "a version of a table's log that another writer won is written over"},
    {"redrive_forgotten", "a deployment does not commit what the last one left to commit"},
    {"failed_upload_taken_for_done", "a staged file whose put failed is acknowledged"},
    {"sealed_rows_kept", "a sink stages an epoch's rows again with the next"},
    {"committables_sent_again", "committables of completed epochs are sent again, and taken again"},
    {"aborted_committables_dropped", "what was staged for an aborted epoch is forgotten"},
    {"epochs_reused", "epochs that were issued and not completed are issued again"},
    {"one_ack_too_few", "a checkpoint is complete without its last acknowledgement"},
    {"acks_of_others_counted", "acknowledgements of older deployments and epochs count"},
    {"lost_manifest_named", "the record names a manifest whose put failed"},
    {"failed_write_taken_for_done", "a write of the record without an answer is taken for done"},
    {"cas_forgotten", "the record is written without compare-and-set"},
    {"failed_snapshot_taken_for_done", "a snapshot whose put failed is acknowledged"},
    {"unfenced_collector", "a collector deletes although another coordinator leads"},
    {"greedy_collector", "a collector keeps the newest checkpoint only"},
    {"impatient_collector", "a collector deletes what a checkpoint under way has uploaded"},
    {"idle_collector", "a collector deletes nothing"},
    {"shared_blob_deleted_early", "a blob goes with the checkpoint that uploaded it, though a newer one shares it"},
    {"restored_checkpoint_collected", "the checkpoint that a deployment was restored from goes before there is a newer one"},
    {"alignment_skipped", "channels that have delivered a barrier are read on"},
    {"barrier_before_flush", "a barrier overtakes the rows that the combiner holds"},
    {"positions_after_barrier", "source positions are taken when the snapshot is written"},
    {"position_plus_one", "positions are one too high"},
    {"position_minus_one", "positions are one too low"},
    {"dead_letters_held_back", "dead letters wait outside the checkpoint"},
    {"rows_lost_uncounted", "a batch is lost in the exchange before it is counted"},
    {"rows_lost_uncompared", "a batch is lost in the exchange, and row counts are not compared at barriers"},
    {"early_frames_dropped", "frames that arrive before their channel is there are dropped"},
    {"positions_forgotten", "a restore begins at the start positions"},
    {"split_read_twice", "two subtasks read one split"},
    {"old_parallelism_ignored", "a restore takes the snapshot of the subtask of the same number"},
    {"key_groups_lost", "a restore leaves some key groups out"},
    {"other_modulus", "state is written under key groups of another modulus"},
    {"slice_floor_forgotten", "a snapshot keeps windows that have fired"},
    {"split_watermark_forgotten", "a restore forgets the watermarks of splits"},
    {"operator_watermark_forgotten", "a restore forgets the watermarks of operators"},
    {"idle_flag_forgotten", "a restore forgets that a split was idle"},
    {"watermark_of_first_split", "a source's watermark is its first split's"},
    {"bound_ignored", "a watermark is not lowered by the bound"},
    {"watermark_goes_back", "an operator's watermark goes back when an input is behind it"},
    {"late_by_one", "a row is late a microsecond later than its window fires"},
    {"final_watermark_forgotten", "a drain ends without its final watermark"},
    {"activation_ignored", "the combiner does not wait until its channels count"},
};

// Forgets which epochs were issued and not completed.
class ForgetfulStore final : public MetadataStore {
 public:
  explicit ForgetfulStore(BlobStore* blobs) : store_(blobs) {}
  absl::StatusOr<VersionedRecord> Get(std::string_view name) override {
    ASSIGN_OR_RETURN(VersionedRecord found, store_.Get(name));
    storage::v1::PipelineRecord record;
    if (name.find("clicks") != std::string_view::npos && record.ParseFromString(found.bytes)) {
      record.set_highest_epoch(record.completed_epoch() > 0 ? record.completed_epoch() - 1 : 0);
      found.bytes = EncodeRecord(std::move(record));
    }
    return found;
  }
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override { return store_.List(prefix); }
  absl::StatusOr<uint64_t> CompareAndSet(std::string_view name, uint64_t expected, std::string_view bytes) override {
    return store_.CompareAndSet(name, expected, bytes);
  }

 private:
  FileMetadataStore store_;
};

}  // namespace

std::span<const PlantedBug> PlantedBugs() { return kBugs; }

std::unique_ptr<MetadataStore> MakeMetadataStore(BlobStore* blobs) {
  if (IsPlantedBug("epochs_reused")) return std::make_unique<ForgetfulStore>(blobs);
  return std::make_unique<FileMetadataStore>(blobs);
}

absl::StatusOr<CollectionReceipt> Collect(BlobStore& blobs, MetadataStore& metadata, CollectionOrder order) {
  class NoFence final : public MetadataStore {
   public:
    explicit NoFence(const CollectionOrder& order) {
      storage::v1::PipelineRecord record;
      record.set_lineage(order.lineage);
      record.set_generation(order.generation.value());
      record.set_term(order.term.value());
      bytes_ = EncodeRecord(std::move(record));
    }
    absl::StatusOr<VersionedRecord> Get(std::string_view) override { return VersionedRecord{bytes_, 1}; }
    absl::StatusOr<std::vector<std::string>> List(std::string_view) override { return Internal("not asked"); }
    absl::StatusOr<uint64_t> CompareAndSet(std::string_view, uint64_t, std::string_view) override { return Internal("not asked"); }

   private:
    std::string bytes_;
  };
  if (IsPlantedBug("idle_collector")) return CollectionReceipt{};
  if (IsPlantedBug("greedy_collector") && order.retained.size() > 1) order.retained = {order.retained.back()};
  if (IsPlantedBug("impatient_collector")) order.first_open = Epoch(order.first_open.value() + 1000);
  if (!IsPlantedBug("unfenced_collector")) return CollectCheckpoints(blobs, metadata, order);
  NoFence no_fence(order);
  return CollectCheckpoints(blobs, no_fence, order);
}

}  // namespace millrace::sim
