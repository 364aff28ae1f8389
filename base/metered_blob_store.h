#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/blob_store.h"
#include "base/clock.h"
#include "base/metrics.h"

namespace millrace {

// Counts and times what is asked of blob stores, and hands it on unchanged. One for a whole process: checkpoints,
// records and tables.
//
// Owns:    nothing. Borrows the factory, the clock and the metrics, which outlive it and every store it has opened.
// Thread:  any.
class MeteredBlobStoreFactory final : public BlobStoreFactory {
 public:
  MeteredBlobStoreFactory(BlobStoreFactory* inner, const Clock* clock, Metrics* metrics);
  ~MeteredBlobStoreFactory() override;
  absl::StatusOr<std::shared_ptr<BlobStore>> Open(std::string_view uri) override;

 private:
  class Probe;
  class Store;
  BlobStoreFactory* const inner_;
  const std::shared_ptr<Probe> probe_;
};

}  // namespace millrace
