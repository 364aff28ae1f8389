#include "tests/coordinator/plan/fake_connectors.h"

#include <gtest/gtest.h>

#include "arrow/type.h"
#include "coordinator/plan/plan_json.h"

namespace millrace {
namespace {

absl::Status NoOutside() { return absl::UnimplementedError("a fake connector has no outside"); }

class FakeSourceConnector final : public SourceConnector {
 public:
  std::vector<std::string> Validate(const v1::Source& source) const override {
    if (source.options().contains("bad")) return {"there is no option 'bad'; remove it"};
    return {};
  }
  bool IsBounded(const v1::Source& source) const override { return !source.options().contains("unbounded"); }
  absl::StatusOr<std::unique_ptr<SourceCatalog>> OpenCatalog(const SourceSpec&) const override { return NoOutside(); }
  absl::StatusOr<std::unique_ptr<Source>> MakeSource(const SourceSpec&) const override { return NoOutside(); }
};

class FakeSinkConnector final : public SinkConnector {
 public:
  std::vector<std::string> Validate(const v1::Sink& sink, const arrow::Schema& schema) const override {
    if (sink.options().contains("bad")) return {"there is no option 'bad'; columns are " + std::to_string(schema.num_fields())};
    return {};
  }
  absl::StatusOr<std::unique_ptr<SinkCatalog>> OpenCatalog(const SinkSpec&) const override { return NoOutside(); }
  absl::StatusOr<std::unique_ptr<Sink>> MakeSink(const SinkSpec&) const override { return NoOutside(); }
  absl::StatusOr<std::unique_ptr<Committer>> MakeCommitter(const SinkSpec&) const override { return NoOutside(); }
};

}  // namespace

ConnectorRegistry FakeConnectors() {
  ConnectorRegistry registry;
  for (const char* name : {"fake_source", "kafka", "generator"}) registry.AddSource(name, std::make_unique<FakeSourceConnector>());
  for (const char* name : {"fake_sink", "delta"}) registry.AddSink(name, std::make_unique<FakeSinkConnector>());
  return registry;
}

v1::Plan PlanOf(std::string_view json) {
  absl::StatusOr<v1::Plan> plan = ReadPlanJson(json);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return plan.ok() ? *plan : v1::Plan();
}

}  // namespace millrace
