#include "connectors/generator/generator_connector.h"

#include "base/error.h"
#include "base/macros.h"
#include "connectors/generator/generator_options.h"
#include "connectors/generator/generator_source.h"

namespace millrace {
namespace {

absl::StatusOr<GeneratorOptions> ParseOrFail(const v1::Source& source) {
  std::vector<std::string> mistakes;
  GeneratorOptions options = GeneratorOptions::Parse(source, &mistakes);
  if (!mistakes.empty()) return InvalidArgument(mistakes.front());
  return options;
}

class GeneratorCatalog final : public SourceCatalog {
 public:
  explicit GeneratorCatalog(GeneratorOptions options) : options_(std::move(options)) {}
  absl::StatusOr<std::string> SystemId() override { return options_.Identity(); }
  absl::StatusOr<std::vector<std::string>> ListSplits() override {
    std::vector<std::string> ids;
    for (int64_t i = 0; i < options_.splits; ++i) ids.push_back(GeneratorSplitId(i));
    return ids;
  }
  absl::StatusOr<std::vector<storage::v1::SplitState>> ResolveStart(const std::vector<std::string>& split_ids) override {
    std::vector<storage::v1::SplitState> states;
    for (const std::string& id : split_ids) {
      storage::v1::SplitState& state = states.emplace_back();
      state.set_id(id);
      state.set_end_position(options_.rows);
    }
    return states;
  }
  absl::StatusOr<std::vector<storage::v1::SplitState>> ResolveNew(const std::vector<std::string>& split_ids) override {
    return ResolveStart(split_ids);
  }
  absl::Duration discovery_interval() const override { return absl::ZeroDuration(); }

 private:
  const GeneratorOptions options_;
};

class GeneratorConnector final : public SourceConnector {
 public:
  explicit GeneratorConnector(const ConnectorEnvironment& environment) : environment_(environment) {}
  std::vector<std::string> Validate(const v1::Source& source) const override {
    std::vector<std::string> mistakes;
    GeneratorOptions::Parse(source, &mistakes);
    return mistakes;
  }
  bool IsBounded(const v1::Source& source) const override {
    std::vector<std::string> mistakes;
    return GeneratorOptions::Parse(source, &mistakes).rows >= 0;
  }
  absl::StatusOr<std::unique_ptr<SourceCatalog>> OpenCatalog(const SourceSpec& spec) const override {
    ASSIGN_OR_RETURN(GeneratorOptions options, ParseOrFail(spec.source));
    return std::make_unique<GeneratorCatalog>(std::move(options));
  }
  absl::StatusOr<std::unique_ptr<Source>> MakeSource(const SourceSpec& spec) const override {
    ASSIGN_OR_RETURN(GeneratorOptions options, ParseOrFail(spec.source));
    return GeneratorSource::Make(spec, options, environment_.clock, environment_.io_pool);
  }

 private:
  const ConnectorEnvironment environment_;
};

}  // namespace

std::unique_ptr<SourceConnector> MakeGeneratorConnector(const ConnectorEnvironment& environment) {
  return std::make_unique<GeneratorConnector>(environment);
}

}  // namespace millrace
