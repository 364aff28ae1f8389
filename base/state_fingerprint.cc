#include "base/state_fingerprint.h"

#include <algorithm>
#include <string_view>

#include "base/data_type.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {
namespace {

using Columns = google::protobuf::RepeatedPtrField<v1::Column>;

// Whether a column may be NULL changes no layout.
absl::StatusOr<std::string> WithoutNotNull(const std::string& sql) {
  constexpr std::string_view kNotNull = " NOT NULL";
  ASSIGN_OR_RETURN(DataType type, ParseDataType(sql));
  if (type.sql.ends_with(kNotNull)) type.sql.resize(type.sql.size() - kNotNull.size());
  return type.sql;
}

absl::StatusOr<std::string> TypeOf(const char* kind, const std::string& name, const Columns& input) {
  auto column = std::find_if(input.begin(), input.end(), [&](const v1::Column& c) { return c.name() == name; });
  if (column == input.end()) return InvalidArgument(kind, ": no column of this name arrives: '", name, "'");
  return WithoutNotNull(column->type());
}

template <typename Aggregation>
absl::StatusOr<std::string> KeysAndAggregates(const char* kind, const Aggregation& node, const Columns& input) {
  std::string text = "keys=[";
  for (int i = 0; i < node.keys_size(); ++i) {
    ASSIGN_OR_RETURN(std::string type, TypeOf(kind, node.keys(i), input));
    text += Cat(i == 0 ? "" : ", ", node.keys(i), " ", type);
  }
  text += "] aggregates=[";
  for (int i = 0; i < node.aggregates_size(); ++i) {
    const v1::Aggregate& aggregate = node.aggregates(i);
    text += Cat(i == 0 ? "" : ", ", aggregate.function(), aggregate.distinct() ? "(distinct " : "(", aggregate.column());
    if (!aggregate.column().empty()) {
      ASSIGN_OR_RETURN(std::string type, TypeOf(kind, aggregate.column(), input));
      text += Cat(" ", type);
    }
    text += ")";
    if (!aggregate.filter().empty()) text += Cat(" filter(", aggregate.filter(), ")");
  }
  return text + "]";
}

}  // namespace

absl::StatusOr<std::string> WindowStateFingerprint(const v1::WindowAggregate& window, const Columns& input) {
  ASSIGN_OR_RETURN(std::string text, KeysAndAggregates("window_aggregate", window, input));
  return Cat("window_aggregate/1 tumbling size_ms=", window.size_ms(), " offset_ms=", window.offset_ms(),
             " zone=", window.zone().empty() ? "UTC" : window.zone(), " ", text);
}

absl::StatusOr<std::string> GroupStateFingerprint(const v1::GroupAggregate& group, const Columns& input) {
  ASSIGN_OR_RETURN(std::string text, KeysAndAggregates("group_aggregate", group, input));
  return Cat("group_aggregate/1 ", text);
}

absl::StatusOr<std::string> SortStateFingerprint(const v1::Sort& sort, const Columns& input) {
  std::string text = "sort/1 columns=[";
  for (int i = 0; i < input.size(); ++i) {
    ASSIGN_OR_RETURN(std::string type, WithoutNotNull(input[i].type()));
    text += Cat(i == 0 ? "" : ", ", input[i].name(), " ", type);
  }
  text += "] keys=[";
  for (int i = 0; i < sort.keys_size(); ++i) {
    const v1::SortKey& key = sort.keys(i);
    RETURN_IF_ERROR(TypeOf("sort", key.column(), input).status());
    text += Cat(i == 0 ? "" : ", ", key.column(), key.descending() ? " desc" : "", key.nulls_last() ? " nulls last" : "");
  }
  // Rows behind them are not kept.
  if (sort.has_limit()) return Cat(text, "] offset=", sort.offset(), " limit=", sort.limit());
  return text + "]";
}

}  // namespace millrace
