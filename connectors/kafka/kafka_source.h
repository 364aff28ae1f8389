#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/memory_account.h"
#include "connectors/dead_letter.h"
#include "connectors/format/decoder.h"
#include "connectors/kafka/fetch_waker.h"
#include "connectors/kafka/kafka_client.h"
#include "connectors/kafka/kafka_metadata_columns.h"
#include "connectors/partition_cursor.h"
#include "connectors/registry.h"
#include "connectors/source.h"

namespace millrace {

// Reads partitions that it was told to read, from where it was told, through one queue. It is the first step of
// docs/ARCHITECTURE.md, "Where a batch goes".
//
//   Open: same cluster? every position still there? ──► assign at the position, or at the record before it if there
//         is a fingerprint
//   Poll: record below the position  compared with the fingerprint, else dropped
//         record                     decoded; bad: dead letter
//         end of partition           the position moves over control records; at_end
//         at or behind a bounded end the split is finished and given up
//
// A position only moves with what Poll returned. An error that comes behind good records is kept for the next Poll.
//
// Owns:    its client.
// Thread:  task thread after Open; its client ends on the IoPool. The waker is called from librdkafka's threads, and
//          from Open.
// Fails:   InvalidArgument: a bad record, and no dead_letter output. DataLoss: offsets are gone, or the topic was made
//          anew. NotFound: a partition is gone, or brokers that are starting do not know it yet; DataLoss if it is so
//          again when the source is opened again.
class KafkaSource final : public Source {
 public:
  static constexpr int64_t kMaxRows = 8192;
  static constexpr int64_t kMaxBytes = 8 << 20;

  static absl::StatusOr<std::unique_ptr<Source>> Make(const SourceSpec& spec, KafkaOptions options, IoPool* io_pool);
  ~KafkaSource() override;
  absl::Status Open(std::span<const storage::v1::SplitState> splits, std::string_view system_id, std::function<void()> wake) override;
  absl::Status AddSplits(std::span<const storage::v1::SplitState> splits) override;
  absl::StatusOr<std::optional<SourceBatch>> Poll() override;
  std::span<const SplitProgress> splits() const override { return splits_; }
  void OnCheckpointComplete(std::span<const storage::v1::SplitState> splits) override;
  void Close() override;

 private:
  // What is known of a split beside its progress.
  struct Reading {
    KafkaSplit split;
    PartitionCursor cursor;
    // The last record of this Poll, and how many there were.
    const rd_kafka_message_t* last = nullptr;
    int64_t num_taken = 0;
  };
  // Where a column of the batch comes from.
  struct ColumnOrigin {
    bool is_metadata = false;
    int index = 0;
  };

  KafkaSource(const SourceSpec& spec, KafkaOptions options, IoPool* io_pool);
  absl::Status PrepareColumns(const SourceSpec& spec);
  // Blocks. Every position must lie within what the broker has.
  absl::Status CheckRanges(size_t first);
  absl::Status Gone(const absl::Status& not_found) const;
  absl::Status Add(std::span<const storage::v1::SplitState> splits);
  absl::Status Assign(size_t first);
  void KeepFetching();
  bool Fetch();
  absl::StatusOr<int> SplitOf(const rd_kafka_message_t& message);
  absl::Status TakeEvent(const rd_kafka_message_t& message);
  absl::Status TakeRecord(int split, const rd_kafka_message_t& record, SourceBatch* batch);
  absl::StatusOr<Decoded> Decode(const rd_kafka_message_t& record);
  absl::Status Refuse(int split, const rd_kafka_message_t& record, const absl::Status& error, SourceBatch* batch);
  absl::Status GiveUp(int split);
  absl::StatusOr<SourceBatch> Build(SourceBatch batch);
  void ReleaseTaken();
  // Charges for what is fetched and not taken, by the mean size of what this batch took.
  void CountFetched(const SourceBatch& batch);

  const std::string pipeline_;
  const std::string uid_;
  const bool dead_letters_connected_;
  const KafkaOptions options_;
  IoPool* const io_pool_;
  const std::function<void(std::string_view code)> on_client_error_;
  std::unique_ptr<Decoder> decoder_;
  KafkaMetadataColumns metadata_;
  std::vector<ColumnOrigin> origins_;
  std::shared_ptr<arrow::Schema> schema_;
  DeadLetterBuilder dead_letters_;

  std::function<void()> wake_;
  // Shared with requests that wake its broker threads, on the IoPool, which must be there as long as the source.
  std::shared_ptr<KafkaClient> client_;
  QueueHandle queue_;
  std::optional<FetchWaker> fetch_waker_;
  std::vector<SplitProgress> splits_;
  std::vector<Reading> readings_;
  // Fetched messages; those before next_ have been taken.
  std::vector<rd_kafka_message_t*> messages_;
  size_t next_ = 0;
  MemoryHold fetched_;
  double record_bytes_ = 0;  // mean, of the last batch
  // The split of the last message, which mostly is that of the next.
  const rd_kafka_topic_t* last_topic_ = nullptr;
  int32_t last_partition_ = -1;
  int last_split_ = -1;
  absl::Status deferred_;
};

}  // namespace millrace
