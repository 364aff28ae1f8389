#include "connectors/registry.h"

#include "base/error.h"
#include "base/nearest_name.h"

namespace millrace {
namespace {

template <typename Map>
auto FindIn(const Map& map, std::string_view kind, std::string_view name)
    -> absl::StatusOr<const typename Map::mapped_type::element_type*> {
  auto found = map.find(name);
  if (found != map.end()) return found->second.get();
  std::vector<std::string> known;
  for (const auto& [key, connector] : map) known.push_back(key);
  return InvalidArgument("there is no ", kind, " connector '", name, "'", NameAdvice(name, known));
}

}  // namespace

void ConnectorRegistry::AddSource(std::string name, std::unique_ptr<SourceConnector> connector) {
  sources_.emplace(std::move(name), std::move(connector));
}

void ConnectorRegistry::AddSink(std::string name, std::unique_ptr<SinkConnector> connector) {
  sinks_.emplace(std::move(name), std::move(connector));
}

absl::StatusOr<const SourceConnector*> ConnectorRegistry::FindSource(std::string_view name) const {
  return FindIn(sources_, "source", name);
}

absl::StatusOr<const SinkConnector*> ConnectorRegistry::FindSink(std::string_view name) const {
  return FindIn(sinks_, "sink", name);
}

}  // namespace millrace
