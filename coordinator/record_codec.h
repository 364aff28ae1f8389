#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "millrace/storage/v1/manifest.pb.h"

namespace millrace {

inline constexpr uint32_t kRecordFormatVersion = 2;

// A pipeline's record on its way to and from the metadata store. The same record gives the same bytes. Sets
// format_version and the checksum.
std::string EncodeRecord(storage::v1::PipelineRecord record);

// `name`: of the record in the store, for messages.
// Fails:   DataLoss: not what was written. FailedPrecondition: another release wrote it.
absl::StatusOr<storage::v1::PipelineRecord> DecodeRecord(std::string_view bytes, std::string_view name);

}  // namespace millrace
