#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrow/type_fwd.h"
#include "base/memory_account.h"
#include "connectors/format/json_row_writer.h"
#include "connectors/sink.h"

namespace millrace {

// How one sink keeps its rows as files of JSON lines in a blob store.
//
//   <home>/staged/…   files that subtasks have staged: rows that nobody sees
//   <home>/log/…      the EpochLog that says which of them are committed
//   <home>/../id      identity of what stands here, if it is published
//
// Staged files stay where they are and readers follow the log, or, with `publish`, each gets a name of its own outside
// of `home` once it is committed.
struct RowFilesOptions {
  static constexpr uint64_t kDefaultBufferBytes = 64 << 20;

  CommitIdentity identity;
  std::shared_ptr<arrow::Schema> schema;
  std::vector<std::string> partition_by = {};
  // For messages: "directory /data/out".
  std::string what;
  std::string home;
  bool publish = false;
  JsonRowWriter::Options json = {};
  // Rows as they are in memory, of which a file is made before the epoch ends.
  uint64_t buffer_bytes = kDefaultBufferBytes;
  uint32_t subtask_index = 0;
  Generation generation = {};
  // Charged for rows that are not durable yet. Null: nobody counts.
  std::shared_ptr<MemoryAccount> memory = nullptr;
};

// "country=DE/day=2026-11-21/", with what a path cannot hold as %XX, and a name that Flink uses for NULL.
std::string PartitionPath(const std::vector<std::string>& columns, const std::vector<std::optional<std::string>>& values);

}  // namespace millrace
