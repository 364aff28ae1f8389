#include "tests/sim/table_paths.h"

#include "millrace/v1/plan.pb.h"

namespace millrace::sim {

TablePaths TablePathsOf(const storage::v1::PipelineRecord& record) {
  TablePaths paths;
  v1::Plan plan;
  plan.ParseFromString(record.plan());
  for (const v1::Node& node : plan.nodes()) {
    if (!node.has_sink()) continue;
    auto path = node.sink().options().find("table-path");
    if (path != node.sink().options().end()) paths[node.uid()] = path->second;
  }
  return paths;
}

}  // namespace millrace::sim
