#include "connectors/kafka/kafka_connector.h"

#include "base/error.h"
#include "base/macros.h"
#include "connectors/kafka/kafka_catalog.h"
#include "connectors/kafka/kafka_options.h"
#include "connectors/kafka/kafka_source.h"

namespace millrace {
namespace {

absl::StatusOr<KafkaOptions> ParseOrFail(const v1::Source& source) {
  std::vector<std::string> mistakes;
  KafkaOptions options = KafkaOptions::Parse(source, &mistakes);
  if (!mistakes.empty()) return InvalidArgument(mistakes.front());
  return options;
}

class KafkaConnector final : public SourceConnector {
 public:
  explicit KafkaConnector(IoPool* io_pool) : io_pool_(io_pool) {}
  std::vector<std::string> Validate(const v1::Source& source) const override {
    std::vector<std::string> mistakes;
    KafkaOptions::Parse(source, &mistakes);
    return mistakes;
  }
  bool IsBounded(const v1::Source& source) const override {
    std::vector<std::string> mistakes;
    return KafkaOptions::Parse(source, &mistakes).end != KafkaOptions::Place::kNever;
  }
  absl::StatusOr<std::unique_ptr<SourceCatalog>> OpenCatalog(const SourceSpec& spec) const override {
    ASSIGN_OR_RETURN(KafkaOptions options, ParseOrFail(spec.source));
    return KafkaCatalog::Open(std::move(options), Cat("millrace-", spec.pipeline, "-", spec.uid));
  }
  absl::StatusOr<std::unique_ptr<Source>> MakeSource(const SourceSpec& spec) const override {
    ASSIGN_OR_RETURN(KafkaOptions options, ParseOrFail(spec.source));
    return KafkaSource::Make(spec, std::move(options), io_pool_);
  }

 private:
  IoPool* const io_pool_;
};

}  // namespace

std::unique_ptr<SourceConnector> MakeKafkaConnector(const ConnectorEnvironment& environment) {
  return std::make_unique<KafkaConnector>(environment.io_pool);
}

}  // namespace millrace
