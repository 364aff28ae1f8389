#pragma once

#include <string_view>
#include <vector>

#include "coordinator/sql/compiler.h"
#include "millrace/v1/pipeline_service.pb.h"

namespace millrace {

// What a script came to, as the API says it.
v1::Script ScriptOf(const sql::Compilation& compiled, std::string_view sql);
std::vector<v1::Diagnostic> SqlDiagnostics(const std::vector<sql::Diagnostic>& diagnostics, std::string_view sql);

}  // namespace millrace
