#pragma once

#include <string>
#include <string_view>

namespace millrace {

// What protobuf says about a plan's JSON, for people: with the line of a mistake of syntax, and the field that was
// meant.
std::string ExplainJsonError(std::string_view message, std::string_view json);

}  // namespace millrace
