#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/input_files.h"
#include "base/memory_account.h"
#include "base/mutex.h"
#include "connectors/dead_letter.h"
#include "connectors/filesystem/file_proof.h"
#include "connectors/filesystem/line_cutter.h"
#include "connectors/format/json_decoder.h"
#include "connectors/registry.h"
#include "connectors/source.h"

namespace millrace {

// Reads files of JSON lines, one after the other. A split is a file, named by its path; its position is a byte, where a
// line begins. Blank lines are no records. A split whose name ends in '/' is a directory without files.
//
// Owns:    the lines that were fetched and not decoded. Borrows the files and the pool.
// Thread:  task thread; a piece of the file at a time is fetched on the IoPool.
// Fails:   DataLoss: a file is gone, shorter than it was, or another one than the checkpoint saw.
class FilesystemSource final : public Source {
 public:
  static absl::StatusOr<std::unique_ptr<Source>> Make(const SourceSpec& spec, TimestampFormat timestamp_format, std::string identity,
                                                      std::shared_ptr<InputFiles> files, IoPool* io_pool);
  ~FilesystemSource() override;
  absl::Status Open(std::span<const storage::v1::SplitState> splits, std::string_view system_id, std::function<void()> wake) override;
  absl::Status AddSplits(std::span<const storage::v1::SplitState> splits) override;
  absl::StatusOr<std::optional<SourceBatch>> Poll() override;
  std::span<const SplitProgress> splits() const override { return splits_; }
  void OnCheckpointComplete(std::span<const storage::v1::SplitState> /*splits*/) override {}
  void Close() override;

 private:
  // Between the task and the pool; outlives the source while the pool still reads. The waker, which only posts, is
  // called under the mutex: after Close it is gone.
  struct Fetch {
    Mutex mutex;
    std::function<void()> wake ABSL_GUARDED_BY(mutex);
    std::optional<absl::StatusOr<std::string>> done ABSL_GUARDED_BY(mutex);
  };
  struct Reading {
    FileProof proof;
    // It was looked at by this process: it is what the checkpoint saw.
    bool is_checked = false;
  };

  FilesystemSource(const SourceSpec& spec, std::string identity, std::shared_ptr<InputFiles> files, IoPool* io_pool,
                   std::unique_ptr<JsonDecoder> decoder);
  // Asks the pool for the next piece of the split that is being read.
  void StartFetch();
  // What the pool has fetched. False: nothing yet.
  absl::StatusOr<bool> TakeFetched();
  // Records of the lines that are there.
  absl::StatusOr<SourceBatch> Decode();
  absl::Status Refuse(const LineCutter::Line& line, const absl::Status& error, int64_t num_before, SourceBatch* batch);
  void MoveTo(int64_t position);

  const std::string identity_;
  const bool dead_letters_connected_;
  const std::shared_ptr<InputFiles> files_;
  IoPool* const io_pool_;
  const std::unique_ptr<JsonDecoder> decoder_;
  const std::shared_ptr<Fetch> fetch_ = std::make_shared<Fetch>();
  DeadLetterBuilder dead_letters_;
  std::vector<SplitProgress> splits_;
  // By index into splits_.
  std::vector<Reading> readings_;
  // The split that is being read; those before it are finished.
  size_t at_ = 0;
  std::unique_ptr<LineCutter> lines_;
  bool is_fetching_ = false;
  MemoryHold held_;
};

}  // namespace millrace
