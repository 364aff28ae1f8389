#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace {

// What the lines of a Delta commit say. Only what an appending writer needs; unknown actions and fields are skipped,
// since a table whose features could make them matter is refused (CheckProtocol).

// Column to value; nullopt: NULL.
using PartitionValues = std::map<std::string, std::optional<std::string>>;

struct DeltaProtocol {
  int min_reader_version = 1;
  int min_writer_version = 2;
  std::optional<std::vector<std::string>> reader_features;  // iff reader version 3
  std::optional<std::vector<std::string>> writer_features;  // iff writer version 7
};

struct DeltaMetadata {
  std::string id;
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::string schema_string;
  std::vector<std::string> partition_columns;
  std::map<std::string, std::string> configuration;
  std::optional<int64_t> created_time_ms;
};

struct DeltaAdd {
  std::string path;  // as in the log: URI-encoded, relative
  PartitionValues partition_values;
  int64_t size = 0;
  int64_t modification_time_ms = 0;
  bool data_change = true;
  std::optional<std::string> stats;
};

struct DeltaRemove {
  std::string path;
  std::optional<int64_t> deletion_timestamp_ms;
  bool data_change = true;
  bool extended_file_metadata = false;
  PartitionValues partition_values;
  std::optional<int64_t> size;
};

struct DeltaTxn {
  std::string app_id;
  int64_t version = 0;
  std::optional<int64_t> last_updated_ms;
};

// Free-form in the protocol; these are the parts that we write and read back.
struct DeltaCommitInfo {
  int64_t timestamp_ms = 0;
  std::string operation;
  std::string app_id;
  std::optional<int64_t> read_version;
  bool is_blind_append = true;
  // Names the logical commit: the same for every attempt at one (appId, epoch).
  std::string txn_id;
  // Of the files committed; "fence" for a fence; empty: not ours.
  std::string digest;
  uint64_t epoch = 0;
  uint64_t generation = 0;
  // JSON object: where the sources stood.
  std::string source_positions = "{}";
  int64_t num_files = 0;
  int64_t num_rows = 0;
  int64_t num_bytes = 0;
};

// One version of the table's log.
struct DeltaCommit {
  std::optional<DeltaCommitInfo> commit_info;
  std::optional<DeltaProtocol> protocol;
  std::optional<DeltaMetadata> metadata;
  std::vector<DeltaTxn> txns;
  std::vector<DeltaAdd> adds;
  std::vector<DeltaRemove> removes;
};

std::string EncodeDeltaCommit(const DeltaCommit& commit);
// `name` is for messages. DataLoss: a line is not what the protocol says.
absl::StatusOr<DeltaCommit> DecodeDeltaCommit(std::string_view text, std::string_view name);

// FailedPrecondition that names the feature or version that we cannot write.
absl::Status CheckProtocol(const DeltaProtocol& protocol);

}  // namespace millrace
