#include "connectors/kafka/kafka_catalog.h"

#include <algorithm>

#include "base/error.h"
#include "base/macros.h"
#include "base/nearest_name.h"

namespace millrace {
namespace {

struct MetadataDeleter {
  void operator()(const rd_kafka_metadata_t* metadata) const { rd_kafka_metadata_destroy(metadata); }
};
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, MetadataDeleter>;

// All topics: a request that names a topic makes some brokers create it, and the answer is needed for advice anyway.
absl::StatusOr<Metadata> AskForMetadata(rd_kafka_t* client, std::string_view doing) {
  const rd_kafka_metadata_t* metadata = nullptr;
  int timeout_ms = static_cast<int>(absl::ToInt64Milliseconds(KafkaCatalog::kTimeout));
  RETURN_IF_ERROR(FromKafka(rd_kafka_metadata(client, /*all_topics=*/1, nullptr, &metadata, timeout_ms), doing));
  return Metadata(metadata);
}

absl::Status NoSuchTopic(const std::string& servers, const std::string& topic, const rd_kafka_metadata_t& metadata) {
  std::vector<std::string> names;
  for (int i = 0; i < metadata.topic_cnt; ++i) {
    std::string name = metadata.topics[i].topic;
    // Kafka's own topics are never meant.
    if (!name.starts_with("__") && name != topic && metadata.topics[i].partition_cnt > 0) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return NotFound("Kafka at ", servers, " has no topic '", topic, "' that this login may see",
                  names.empty() ? "; it shows no topics at all" : NameAdvice(topic, names));
}

absl::StatusOr<int32_t> NumPartitions(const std::string& servers, const std::string& topic, const rd_kafka_metadata_t& metadata) {
  for (int i = 0; i < metadata.topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& found = metadata.topics[i];
    if (topic != found.topic) continue;
    absl::Status status = FromKafka(found.err, Cat("look up Kafka topic '", topic, "' at ", servers));
    if (!status.ok() && !absl::IsNotFound(status)) return status;
    if (status.ok() && found.partition_cnt > 0) return found.partition_cnt;
  }
  return NoSuchTopic(servers, topic, metadata);
}

absl::StatusOr<std::vector<KafkaSplit>> ParseAll(const std::vector<std::string>& ids) {
  std::vector<KafkaSplit> splits;
  for (const std::string& id : ids) {
    ASSIGN_OR_RETURN(splits.emplace_back(), KafkaSplit::Parse(id));
  }
  return splits;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SourceCatalog>> KafkaCatalog::Open(KafkaOptions options, std::string_view client_name) {
  ASSIGN_OR_RETURN(auto client, KafkaClient::Make(options, client_name));
  RETURN_IF_ERROR(client->AwaitBroker(kTimeout));
  return std::unique_ptr<SourceCatalog>(new KafkaCatalog(std::move(options), std::move(client)));
}

absl::StatusOr<std::string> KafkaCatalog::SystemId() { return client_->ClusterId(kTimeout); }

absl::StatusOr<std::vector<std::string>> KafkaCatalog::ListSplits() {
  std::vector<std::string> ids;
  ASSIGN_OR_RETURN(Metadata metadata, AskForMetadata(client_->get(), Cat("list the partitions at ", options_.bootstrap_servers)));
  for (const std::string& topic : options_.topics) {
    ASSIGN_OR_RETURN(int32_t num_partitions, NumPartitions(options_.bootstrap_servers, topic, *metadata));
    for (int32_t partition = 0; partition < num_partitions; ++partition) ids.push_back(KafkaSplit{topic, partition}.Id());
  }
  return ids;
}

absl::StatusOr<std::vector<int64_t>> KafkaCatalog::Resolve(KafkaOptions::Place place, int64_t timestamp_ms,
                                                           const std::vector<KafkaSplit>& splits) {
  int64_t asked = RD_KAFKA_OFFSET_BEGINNING;
  if (place == KafkaOptions::Place::kLatest) asked = RD_KAFKA_OFFSET_END;
  if (place == KafkaOptions::Place::kTimestamp) asked = timestamp_ms;
  return client_->QueryOffsets(splits, std::vector<int64_t>(splits.size(), asked), kTimeout);
}

absl::StatusOr<std::vector<storage::v1::SplitState>> KafkaCatalog::ResolveStart(const std::vector<std::string>& split_ids) {
  ASSIGN_OR_RETURN(auto splits, ParseAll(split_ids));
  ASSIGN_OR_RETURN(auto starts, Resolve(options_.start, options_.start_timestamp_ms, splits));
  std::vector<int64_t> ends(splits.size(), -1);
  using Place = KafkaOptions::Place;
  if (options_.end == Place::kLatest || options_.end == Place::kTimestamp) {
    ASSIGN_OR_RETURN(ends, Resolve(options_.end, options_.end_timestamp_ms, splits));
  }
  std::vector<storage::v1::SplitState> states;
  for (size_t i = 0; i < splits.size(); ++i) {
    int64_t start = starts[i];
    if (options_.start == Place::kOffsets) {
      auto given = options_.start_offsets.find(splits[i].partition);
      if (given != options_.start_offsets.end()) start = given->second;
    }
    int64_t end = ends[i];
    if (options_.end == Place::kOffsets) {
      auto given = options_.end_offsets.find(splits[i].partition);
      end = given != options_.end_offsets.end() ? given->second : start;
    }
    storage::v1::SplitState& state = states.emplace_back();
    state.set_id(split_ids[i]);
    state.set_position(start);
    state.set_end_position(end);
  }
  return states;
}

absl::StatusOr<std::vector<storage::v1::SplitState>> KafkaCatalog::ResolveNew(const std::vector<std::string>& split_ids) {
  ASSIGN_OR_RETURN(auto splits, ParseAll(split_ids));
  ASSIGN_OR_RETURN(auto starts, Resolve(KafkaOptions::Place::kEarliest, 0, splits));
  std::vector<storage::v1::SplitState> states;
  for (size_t i = 0; i < splits.size(); ++i) {
    storage::v1::SplitState& state = states.emplace_back();
    state.set_id(split_ids[i]);
    state.set_position(starts[i]);
    state.set_end_position(-1);
  }
  return states;
}

}  // namespace millrace
