#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace {

enum class PutResult { kCreated, kAlreadyExists };

// Named, immutable-by-convention byte strings: checkpoints, manifests, table files and table logs all live in one.
// Names are relative, '/'-separated, without "." and ".." parts.
//
// Thread:  any.
// Blocks:  yes: IoPool only.
// Fails:   NotFound: no such blob. Unavailable: retry, and for a write the outcome is unknown: read back before
//          deciding. FailedPrecondition: the store cannot give what is promised here.
// Promises: read-your-writes; a Put or PutIfAbsent that returned is durable; PutIfAbsent is linearizable: of any number
//          of racing calls exactly one is told kCreated. The whole commit protocol stands on that sentence.
class BlobStore {
 public:
  virtual ~BlobStore() = default;
  virtual absl::StatusOr<std::string> Get(std::string_view name) = 0;
  virtual absl::Status Put(std::string_view name, std::string_view bytes) = 0;
  virtual absl::StatusOr<PutResult> PutIfAbsent(std::string_view name, std::string_view bytes) = 0;
  // Names that start with `prefix`, sorted.
  virtual absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) = 0;
  // OK if already absent.
  virtual absl::Status Delete(std::string_view name) = 0;
  // Size in bytes, or NotFound.
  virtual absl::StatusOr<int64_t> Size(std::string_view name) = 0;
};

// InvalidArgument unless `name` is relative and has no empty, "." or ".." part.
absl::Status CheckBlobName(std::string_view name);

// Opens the store at a URI such as "file:///var/lib/millrace/checkpoints" or a plain path. The simulator has one of its
// own.
class BlobStoreFactory {
 public:
  virtual ~BlobStoreFactory() = default;
  virtual absl::StatusOr<std::shared_ptr<BlobStore>> Open(std::string_view uri) = 0;
};

}  // namespace millrace
