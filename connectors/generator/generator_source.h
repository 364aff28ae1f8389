#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "connectors/dead_letter.h"
#include "connectors/generator/generator_options.h"
#include "connectors/generator/paced_splits.h"
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
  absl::Status Open(std::span<const storage::v1::SplitState> splits, std::string_view system_id, std::function<void()> wake) override;
  absl::Status AddSplits(std::span<const storage::v1::SplitState> splits) override { return splits_.Add(splits); }
  absl::StatusOr<std::optional<SourceBatch>> Poll() override;
  std::span<const SplitProgress> splits() const override { return splits_.progress(); }
  void OnCheckpointComplete(std::span<const storage::v1::SplitState> /*splits*/) override {}
  void Close() override { splits_.Close(); }

 private:
  GeneratorSource(const SourceSpec& spec, const GeneratorOptions& options, std::shared_ptr<arrow::Schema> schema, const Clock* clock,
                  IoPool* io_pool);
  absl::StatusOr<SourceBatch> Generate(const PacedSplits::Range& range);

  const GeneratorOptions options_;
  const std::shared_ptr<arrow::Schema> schema_;
  const bool dead_letters_connected_;
  DeadLetterBuilder dead_letters_;
  PacedSplits splits_;
};

}  // namespace millrace
