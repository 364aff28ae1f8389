#include "coordinator/record_codec.h"

#include "base/checksum_field.h"
#include "base/error.h"

namespace millrace {

std::string EncodeRecord(storage::v1::PipelineRecord record) {
  record.set_format_version(kRecordFormatVersion);
  record.clear_checksum();
  std::string bytes = record.SerializeAsString();
  AppendChecksumField(&bytes);
  return bytes;
}

absl::StatusOr<storage::v1::PipelineRecord> DecodeRecord(std::string_view bytes, std::string_view name) {
  constexpr std::string_view kWhatToDo =
      "Put back the version that was written, from a backup; what it says cannot be guessed. Other pipelines go on";
  const ChecksumField checksum = CheckChecksumField(bytes);
  storage::v1::PipelineRecord record;
  bool parsed = record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  if (checksum == ChecksumField::kWrong) {
    return DataLoss("read record ", name, ": its ", bytes.size(), " bytes do not have the checksum that they name: it is damaged. ",
                    kWhatToDo);
  }
  if (!parsed || bytes.empty()) return DataLoss("read record ", name, ": its ", bytes.size(), " bytes are not a record: it is damaged. ", kWhatToDo);
  if (record.format_version() == kRecordFormatVersion && checksum == ChecksumField::kAbsent) {
    return DataLoss("read record ", name, ": its ", bytes.size(), " bytes lack the checksum at their end: it is cut off. ", kWhatToDo);
  }
  const bool first_version = record.format_version() == 1 && checksum == ChecksumField::kAbsent;
  if (!first_version && record.format_version() != kRecordFormatVersion) {
    return FailedPrecondition("read record ", name, ": it has format version ", record.format_version(), ", this program reads ",
                              kRecordFormatVersion, ". Use the release that wrote it");
  }
  record.clear_checksum();
  return record;
}

}  // namespace millrace
