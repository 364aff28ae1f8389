#include "coordinator/plan/record_filters.h"

#include "arrow/type.h"
#include "base/data_type.h"
#include "base/expression/condition.h"
#include "base/expression/record_filter.h"

namespace millrace {
namespace {

// More filters are faster on batches.
constexpr size_t kMostReaders = 8;

// Whether a record may be left out of what is computed: nobody would see a difference.
bool MayBeLeftOut(const v1::Source& source, const arrow::Schema& used) {
  for (const v1::NamedExpression& computed : source.computed()) {
    if (used.GetFieldIndex(computed.name()) < 0) continue;
    if (source.has_watermark() && source.watermark().column() == computed.name()) return false;
    if (MayFail(computed.expression(), used)) return false;
  }
  return true;
}

// The columns that come from the payload.
arrow::FieldVector Decoded(const v1::Source& source, const arrow::Schema& used) {
  arrow::FieldVector fields;
  for (const v1::Column& column : source.columns()) {
    if (!column.metadata().empty()) continue;
    if (auto field = used.GetFieldByName(column.name()); field != nullptr) fields.push_back(std::move(field));
  }
  return fields;
}

}  // namespace

std::optional<internal::v1::RecordFilter> RecordFilterFor(int index, const v1::Plan& plan, const PlanGraph& graph,
                                                          const std::vector<NodeOutputs>& outputs) {
  const v1::Source& source = plan.nodes(index).source();
  if (!source.options().contains("format")) return std::nullopt;
  const absl::StatusOr<std::shared_ptr<arrow::Schema>> used = SchemaOf(outputs[index].main->ToProto().columns());
  if (!used.ok() || !MayBeLeftOut(source, **used)) return std::nullopt;
  const arrow::Schema payload(Decoded(source, **used));
  std::vector<internal::v1::RecordFilter> filters;
  for (const PlanGraph::Edge& edge : graph.consumers(index)) {
    if (edge.output != 0) continue;
    const v1::Node& reader = plan.nodes(edge.to);
    if (!reader.has_filter() || filters.size() == kMostReaders) return std::nullopt;
    auto filter = RecordFilterOf(reader.filter().condition(), payload, **used);
    if (!filter) return std::nullopt;
    filters.push_back(*std::move(filter));
  }
  if (filters.empty()) return std::nullopt;
  return AnyOf(std::move(filters));
}

}  // namespace millrace
