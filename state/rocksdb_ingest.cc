#include "state/rocksdb_ingest.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_writer.h>

#include <filesystem>

#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"
#include "state/rocksdb_settings.h"

namespace millrace {
namespace {

rocksdb::Slice ToSlice(std::string_view s) { return rocksdb::Slice(s.data(), s.size()); }

// Writes rows from `first` on into one file. Returns the number of the first that is not in it.
absl::StatusOr<size_t> WriteFile(const rocksdb::Options& options, std::span<const StateWrite> sorted, size_t first,
                                 uint64_t file_bytes, const std::string& path, rocksdb::ExternalSstFileInfo* info) {
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), options);
  RETURN_IF_ERROR(FromRocksDb(writer.Open(path), "open state file", path));
  uint64_t bytes = 0;
  size_t next = first;
  for (; next < sorted.size() && bytes < file_bytes; ++next) {
    const StateWrite& write = sorted[next];
    rocksdb::Status status = write.value.has_value() ? writer.Put(ToSlice(write.key), ToSlice(*write.value))
                                                     : writer.Delete(ToSlice(write.key));
    RETURN_IF_ERROR(FromRocksDb(status, "write state file", path));
    bytes += write.key.size() + (write.value.has_value() ? write.value->size() : 0);
  }
  RETURN_IF_ERROR(FromRocksDb(writer.Finish(info), "finish state file", path));
  return next;
}

}  // namespace

absl::Status IngestSorted(rocksdb::DB& db, std::span<const StateWrite> sorted, const std::string& scratch, uint64_t file_bytes) {
  std::error_code error;
  std::filesystem::create_directories(scratch, error);
  if (error) return Internal("make directory ", scratch, ": ", error.message(), ". Is the state directory writable?");
  const rocksdb::Options options = db.GetOptions();
  rocksdb::IngestExternalFileArg files;
  files.column_family = db.DefaultColumnFamily();
  for (size_t next = 0; next < sorted.size();) {
    std::string path = Cat(scratch, "/", files.external_files.size(), ".sst");
    rocksdb::ExternalSstFileInfo info;
    ASSIGN_OR_RETURN(next, failpoint::Around("rocksdb.write_file", [&] {
                       return WriteFile(options, sorted, next, file_bytes, path, &info);
                     }));
    files.external_files.push_back(path);
    files.files_checksums.push_back(info.file_checksum);
    files.files_checksum_func_names.push_back(info.file_checksum_func_name);
  }
  files.options.move_files = true;
  // Nobody holds a snapshot of the instance, and its sequence number in the file would change the file's checksum.
  files.options.snapshot_consistency = false;
  files.options.write_global_seqno = false;
  // Taken just now, while they were written; Snapshot compares it with what is on the disk.
  files.options.verify_file_checksum = false;
  return failpoint::Around(
      "rocksdb.ingest", [&] { return FromRocksDb(db.IngestExternalFiles({files}), "take over the files of", scratch); });
}

}  // namespace millrace
