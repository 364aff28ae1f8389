#include "coordinator/plan/relation.h"

namespace millrace {

const TypedColumn* Relation::Find(std::string_view name) const {
  for (const TypedColumn& column : columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

std::vector<std::string> Relation::Names() const {
  std::vector<std::string> names;
  for (const TypedColumn& column : columns) names.push_back(column.name);
  return names;
}

internal::v1::Schema Relation::ToProto() const {
  internal::v1::Schema schema;
  for (const TypedColumn& column : columns) {
    v1::Column& out = *schema.add_columns();
    out.set_name(column.name);
    out.set_type(column.type.sql);
  }
  return schema;
}

}  // namespace millrace
