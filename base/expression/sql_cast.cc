#include "arrow/api.h"
#include "arrow/compute/api.h"
#include "base/arrow_status.h"
#include "base/error.h"
#include "base/expression/cast.h"
#include "base/expression/nodes.h"
#include "base/expression/type_rules.h"

namespace millrace {

absl::StatusOr<Kernel> CastKernel(const DataType& from, const DataType& to, absl::TimeZone /*zone*/) {
  if (FamilyOf(from) == TypeFamily::kNumber && FamilyOf(to) == TypeFamily::kNumber) {
    return ArrowKernel("cast",
                       std::make_shared<arrow::compute::CastOptions>(arrow::compute::CastOptions::Unsafe(to.arrow)));
  }
  if (from.arrow->Equals(*to.arrow)) {
    return Kernel{.run = [](const KernelInput& input) -> absl::StatusOr<std::shared_ptr<arrow::Array>> {
      const ArgumentColumn& column = input.arguments[0];
      if (column.step == 1 || input.rows == 1) return column.values;
      return FromArrow(arrow::MakeArrayFromScalar(**column.values->GetScalar(0), input.rows));
    }};
  }
  return InvalidArgument("there is no conversion from ", from.sql);
}

}  // namespace millrace
