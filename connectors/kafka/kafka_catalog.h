#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/catalog.h"
#include "connectors/kafka/kafka_client.h"

namespace millrace {

// Partitions and offsets of the topics of one source.
//
// Owns:    its client.
// Thread:  IoPool.
// Blocks:  up to kTimeout per call.
// Fails:   NotFound: no such topic, with the nearest names. Unavailable: no broker answers.
class KafkaCatalog final : public SourceCatalog {
 public:
  static constexpr absl::Duration kTimeout = absl::Seconds(10);

  static absl::StatusOr<std::unique_ptr<SourceCatalog>> Open(KafkaOptions options, std::string_view client_name);
  absl::StatusOr<std::string> SystemId() override;
  absl::StatusOr<std::vector<std::string>> ListSplits() override;
  absl::StatusOr<std::vector<storage::v1::SplitState>> ResolveStart(const std::vector<std::string>& split_ids) override;
  absl::StatusOr<std::vector<storage::v1::SplitState>> ResolveNew(const std::vector<std::string>& split_ids) override;
  absl::Duration discovery_interval() const override { return options_.discovery_interval; }

 private:
  KafkaCatalog(KafkaOptions options, std::unique_ptr<KafkaClient> client)
      : options_(std::move(options)), client_(std::move(client)) {}
  absl::StatusOr<std::vector<int64_t>> Resolve(KafkaOptions::Place place, int64_t timestamp_ms, const std::vector<KafkaSplit>& splits);

  const KafkaOptions options_;
  const std::unique_ptr<KafkaClient> client_;
};

}  // namespace millrace
