#pragma once

#include <functional>
#include <string>
#include <vector>

namespace millrace::sql {

// One case of a file in golden/: what is parsed, and the lines behind "=> " that are expected of it.
struct GoldenCase {
  std::string input;
  std::string expected;
};

// The cases of a file; lines that begin with # and empty ones are for the reader.
std::vector<GoldenCase> ReadCases(const std::string& name);

// Where the variable MILLRACE_GOLDEN_TO names a directory, writes the file anew there with what is, for a person to
// read.
void RewriteCases(const std::string& name, const std::function<std::string(const std::string& input)>& answer);

// A file of this folder.
std::string ReadText(const std::string& name);

}  // namespace millrace::sql
