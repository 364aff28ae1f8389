#pragma once

#include <memory>
#include <optional>
#include <string>

#include "arrow/type_fwd.h"
#include "base/data_type.h"
#include "base/expression/expression.h"
#include "tests/base/expression/random/choices.h"
#include "tests/base/expression/reference/value.h"

namespace millrace {

// A value of the type that is not NULL: often a small one, or one at an end of what there is.
reference::Value RandomValue(const DataType& type, Choices& choices);
// A literal's text for it; nothing: there is none.
std::optional<std::string> LiteralText(const reference::Value& value, const DataType& type);

// Some columns of many types.
std::shared_ptr<arrow::Schema> RandomSchema(Choices& choices);
// Rows of them, with NULLs (under which values lie that are not zero), as a slice of a longer batch.
BatchPtr RandomBatch(const std::shared_ptr<arrow::Schema>& schema, Choices& choices);

}  // namespace millrace
