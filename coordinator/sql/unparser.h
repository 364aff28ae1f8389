#pragma once

#include <string>
#include <string_view>

#include "coordinator/sql/ast.h"

namespace millrace::sql {

// Canonical SQL: words of the language in capitals, one space, parentheses where they are needed, names in back quotes
// where they need them. Parsing it gives an equal node. A statement has no semicolon at its end.
std::string Unparse(const Script& script);  // one statement per line, each with a semicolon
std::string Unparse(const Statement& statement);
std::string Unparse(const Query& query);
std::string Unparse(const Expression& expression);
std::string Unparse(const TypeName& type);
std::string Unparse(const QualifiedName& name);
std::string Unparse(const Identifier& name);

// 'it''s'
std::string QuoteText(std::string_view text);

}  // namespace millrace::sql
