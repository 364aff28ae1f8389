#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "connectors/dead_letter.h"
#include "connectors/generator/generator_options.h"
#include "connectors/registry.h"
#include "connectors/source.h"

namespace millrace {

// "generator/7"
std::string GeneratorSplitId(int64_t split);

// One generated row, before it is put into the columns asked for.
struct GeneratedRow {
  uint64_t user = 0;
  int64_t event_time_micros = 0;
  uint64_t amount = 0;  // below 100,000
  uint64_t url = 0;
  int64_t event_id = 0;
  bool bad = false;
};
// A pure function, so that reading may begin at any position.
GeneratedRow GenerateRow(const GeneratorOptions& options, int64_t split, int64_t position);

// Reads generated splits in turn.
//
// Thread:  task thread. With rows-per-second, the IoPool waits and then calls the waker; without, the pool is not used.
class GeneratorSource final : public Source {
 public:
  static absl::StatusOr<std::unique_ptr<Source>> Make(const SourceSpec& spec, const GeneratorOptions& options, const Clock* clock,
                                                      IoPool* io_pool);
  ~GeneratorSource() override;
  absl::Status Open(std::span<const storage::v1::SplitState> splits, std::string_view system_id, std::function<void()> wake) override;
  absl::Status AddSplits(std::span<const storage::v1::SplitState> splits) override;
  absl::StatusOr<std::optional<SourceBatch>> Poll() override;
  std::span<const SplitProgress> splits() const override { return splits_; }
  void OnCheckpointComplete(std::span<const storage::v1::SplitState> splits) override;
  void Close() override;

 private:
  // Outlives the source while the pool still waits. The waker, which only posts, is called under the mutex: after Close
  // it is gone.
  struct Alarm {
    Mutex mutex;
    std::function<void()> wake ABSL_GUARDED_BY(mutex);
    bool set ABSL_GUARDED_BY(mutex) = false;
  };

  GeneratorSource(const SourceSpec& spec, const GeneratorOptions& options, std::shared_ptr<arrow::Schema> schema, const Clock* clock,
                  IoPool* io_pool);
  // Rows of a split that may be produced by now.
  int64_t DuePosition(size_t split) const;
  absl::StatusOr<SourceBatch> Generate(size_t split, int64_t end);
  void SetAlarm();

  const GeneratorOptions options_;
  const std::shared_ptr<arrow::Schema> schema_;
  const bool dead_letters_connected_;
  const Clock* const clock_;
  IoPool* const io_pool_;
  DeadLetterBuilder dead_letters_;
  std::vector<SplitProgress> splits_;
  // By index into splits_.
  std::vector<int64_t> numbers_;
  std::vector<int64_t> first_positions_;
  std::vector<absl::Duration> started_;
  size_t next_ = 0;
  std::shared_ptr<Alarm> alarm_;
};

}  // namespace millrace
