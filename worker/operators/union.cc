#include "worker/operators/union.h"

#include "arrow/api.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {

absl::StatusOr<std::unique_ptr<Operator>> UnionOperator::Make(const internal::v1::ChainNode& node) {
  if (node.input_schemas().empty() || node.output_schemas().empty()) {
    return InvalidArgument("operator ", node.uid(), ": union needs the schemas of its inputs and of its output");
  }
  ASSIGN_OR_RETURN(auto output, SchemaOf(node.output_schemas(0).columns()));
  for (int i = 0; i < node.input_schemas_size(); ++i) {
    ASSIGN_OR_RETURN(auto input, SchemaOf(node.input_schemas(i).columns()));
    bool same = input->num_fields() == output->num_fields();
    for (int k = 0; same && k < input->num_fields(); ++k) {
      same = input->field(k)->type()->Equals(*output->field(k)->type()) &&
             (output->field(k)->nullable() || !input->field(k)->nullable());
    }
    if (same) continue;
    return InvalidArgument("operator ", node.uid(), ": its input ", i, " has the columns [", input->ToString(),
                           "], and its output [", output->ToString(), "]");
  }
  return std::unique_ptr<Operator>(new UnionOperator(std::move(output)));
}

absl::Status UnionOperator::ProcessBatch(uint32_t /*input*/, uint32_t /*port*/, const BatchPtr& rows, Output& out) {
  const bool is_same = rows->schema()->Equals(*schema_);
  out.EmitFrom(0, is_same ? rows : arrow::RecordBatch::Make(schema_, rows->num_rows(), rows->columns()), nullptr);
  return absl::OkStatus();
}

}  // namespace millrace
