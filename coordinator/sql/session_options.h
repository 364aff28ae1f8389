#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "coordinator/sql/ast.h"
#include "coordinator/sql/diagnostic.h"
#include "coordinator/sql/session.h"

namespace millrace::sql {

// SET 'key' = 'value'. What is wrong goes to `diagnostics`; what is accepted and means nothing here, to `notes`.
void SetSessionOption(const Option& option, Session& session, std::vector<Diagnostic>& diagnostics,
                      std::vector<Diagnostic>& notes);

// RESET 'key'; a key that is not set is fine. `range`: of the statement.
void ResetSessionOption(const std::string& key, const SourceRange& range, Session& session,
                        std::vector<Diagnostic>& diagnostics);

// The name of a pipeline that is nearest to `text`: "My Clicks" becomes "my-clicks". Never empty.
std::string PipelineNameFrom(std::string_view text);

}  // namespace millrace::sql
