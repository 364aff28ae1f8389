#include "server/cli/script_file.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "base/error.h"

namespace millrace {

namespace {

// With a word or a comment, which no JSON object does.
bool BeginsAsSql(std::string_view text) {
  return absl::ascii_isalpha(static_cast<unsigned char>(text[0])) || text.starts_with("--") || text.starts_with("/*");
}

}  // namespace

absl::StatusOr<PipelineFile> ReadPipelineFile(const std::string& path) {
  PipelineFile file;
  file.path = path;
  std::stringstream content;
  if (path == "-") {
    content << std::cin.rdbuf();
  } else {
    std::ifstream in(path);
    content << in.rdbuf();
    if (!in) return InvalidArgument("read ", path, ": the file cannot be read; are you allowed to?");
  }
  file.text = content.str();
  const std::filesystem::path parts(path);
  file.name = path == "-" ? "stdin" : parts.stem().string();
  const size_t first = file.text.find_first_not_of(" \t\r\n");
  const bool braces = first != file.text.npos && file.text[first] == '{';
  file.is_script = path == "-" ? !braces : parts.extension() == ".sql";
  if (file.is_script && braces) {
    return InvalidArgument("read ", path, ": this is JSON, and a file whose name ends in .sql is a script of SQL; if it is a plan, ",
                           "name it ", file.name, ".json");
  }
  if (!file.is_script && first != file.text.npos && BeginsAsSql(std::string_view(file.text).substr(first))) {
    return InvalidArgument("read ", path, ": a plan is JSON and begins with '{', and this does not; if it is a script of SQL, name it ",
                           file.name, ".sql");
  }
  return file;
}

}  // namespace millrace
