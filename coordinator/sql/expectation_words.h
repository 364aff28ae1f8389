#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "coordinator/sql/grammar_walk.h"

namespace millrace::sql {

// The rules that have a name in plain words; they are named instead of what they begin with.
const std::set<size_t>& NamedRules();

// "a name, ',' or another clause".
std::string InPlainWords(const Expectations& expected);

// A token type as a message shows it: FROM, ','.
std::string TokenWord(size_t type);

}  // namespace millrace::sql
