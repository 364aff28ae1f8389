#include "coordinator/record_writer.h"

#include "base/error.h"
#include "base/planted_bug.h"

namespace millrace {

absl::StatusOr<uint64_t> WriteRecord(MetadataStore& store, std::string_view name, uint64_t expected, std::string_view bytes) {
  absl::StatusOr<uint64_t> written = store.CompareAndSet(name, expected, bytes);
  if (written.ok()) return written;
  if (MILLRACE_PLANTED(failed_write_taken_for_done) && absl::IsUnavailable(written.status())) return expected + 1;
  absl::StatusOr<VersionedRecord> found = store.Get(name);
  if (found.ok() && found->version == expected + 1 && found->bytes == bytes) return found->version;
  if (found.ok() && found->version > expected) return Aborted("write record ", name, ": lost to version ", found->version);
  return Unavailable("write record ", name, ": ", written.status().message());
}

}  // namespace millrace
