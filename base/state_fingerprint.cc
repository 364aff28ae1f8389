#include "base/state_fingerprint.h"

#include <algorithm>
#include <string_view>

#include "base/data_type.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {
namespace {

// Whether a column may be NULL changes no layout.
absl::StatusOr<std::string> TypeOf(const std::string& name, const google::protobuf::RepeatedPtrField<v1::Column>& input) {
  auto column = std::find_if(input.begin(), input.end(), [&](const v1::Column& c) { return c.name() == name; });
  if (column == input.end()) return InvalidArgument("window_aggregate: no column of this name arrives: '", name, "'");
  constexpr std::string_view kNotNull = " NOT NULL";
  ASSIGN_OR_RETURN(DataType type, ParseDataType(column->type()));
  if (type.sql.ends_with(kNotNull)) type.sql.resize(type.sql.size() - kNotNull.size());
  return type.sql;
}

}  // namespace

absl::StatusOr<std::string> WindowStateFingerprint(const v1::WindowAggregate& window,
                                                   const google::protobuf::RepeatedPtrField<v1::Column>& input) {
  std::string text = Cat("window_aggregate/1 tumbling size_ms=", window.size_ms(), " offset_ms=", window.offset_ms(),
                         " zone=UTC keys=[");
  for (int i = 0; i < window.keys_size(); ++i) {
    ASSIGN_OR_RETURN(std::string type, TypeOf(window.keys(i), input));
    text += Cat(i == 0 ? "" : ", ", window.keys(i), " ", type);
  }
  text += "] aggregates=[";
  for (int i = 0; i < window.aggregates_size(); ++i) {
    const v1::Aggregate& aggregate = window.aggregates(i);
    text += Cat(i == 0 ? "" : ", ", aggregate.function(), "(", aggregate.column());
    if (!aggregate.column().empty()) {
      ASSIGN_OR_RETURN(std::string type, TypeOf(aggregate.column(), input));
      text += Cat(" ", type);
    }
    text += ")";
  }
  return text + "]";
}

}  // namespace millrace
