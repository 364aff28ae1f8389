#include "connectors/blackhole/blackhole_connector.h"
#include "connectors/datagen/datagen_connector.h"
#include "connectors/delta/delta_connector.h"
#include "connectors/filesystem/filesystem_sink_connector.h"
#include "connectors/filesystem/filesystem_source_connector.h"
#include "connectors/generator/generator_connector.h"
#include "connectors/kafka/kafka_connector.h"
#include "connectors/print/print_connector.h"
#include "connectors/registry.h"
#include "connectors/result/result_connector.h"
#include "connectors/values/values_connector.h"

namespace millrace {

ConnectorRegistry BuiltinConnectors(const ConnectorEnvironment& environment) {
  ConnectorRegistry registry;
  registry.AddSource("kafka", MakeKafkaConnector(environment));
  registry.AddSource("generator", MakeGeneratorConnector(environment));
  registry.AddSource("datagen", MakeDatagenConnector(environment));
  registry.AddSource("values", MakeValuesConnector());
  registry.AddSource("filesystem", MakeFilesystemSourceConnector(environment));
  registry.AddSink("delta", MakeDeltaConnector(environment));
  registry.AddSink("blackhole", MakeBlackholeConnector());
  registry.AddSink("filesystem", MakeFilesystemSinkConnector(environment));
  registry.AddSink("print", MakePrintConnector());
  registry.AddSink("result", MakeResultConnector(environment));
  return registry;
}

}  // namespace millrace
