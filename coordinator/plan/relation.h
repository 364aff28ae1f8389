#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/data_type.h"
#include "millrace/internal/v1/control.pb.h"

namespace millrace {

// A column of an edge. `row_time`: it carries the event time that the edge's watermarks speak of.
struct TypedColumn {
  std::string name;
  DataType type;
  bool row_time = false;
  // It is the start of windows that the edge's watermarks have not passed when it arrives, and of which: size, offset
  // and zone. "": it is none.
  std::string start_of = {};
  // The same of their end.
  std::string end_of = {};
};

// The columns of an edge, in order.
struct Relation {
  std::vector<TypedColumn> columns;

  // Null if there is none.
  const TypedColumn* Find(std::string_view name) const;
  std::vector<std::string> Names() const;
  internal::v1::Schema ToProto() const;
};

}  // namespace millrace
