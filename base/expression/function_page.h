#pragma once

#include <string>

namespace millrace {

// docs/sql_functions.md: every function of the table, as Markdown.
std::string FunctionPage();

}  // namespace millrace
