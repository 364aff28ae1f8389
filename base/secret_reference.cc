#include "base/secret_reference.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>

#include "absl/strings/ascii.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {
namespace {

// What stands between `opening` and the closing brace.
std::optional<std::string> Inside(std::string_view text, std::string_view opening) {
  if (!text.starts_with(opening) || !text.ends_with('}') || text.size() == opening.size() + 1) return std::nullopt;
  return std::string(text.substr(opening.size(), text.size() - opening.size() - 1));
}

std::optional<std::string> Variable(std::string_view text) {
  std::optional<std::string> name = Inside(text, "${env:");
  bool good = name && std::all_of(name->begin(), name->end(),
                                  [](unsigned char c) { return absl::ascii_isalnum(c) || c == '_'; });
  return good ? name : std::nullopt;
}

std::optional<std::string> Path(std::string_view text) {
  std::optional<std::string> path = Inside(text, "${file:");
  return path && path->front() == '/' ? path : std::nullopt;
}

}  // namespace

absl::Status CheckSecretReference(std::string_view text) {
  if (Variable(text) || Path(text)) return absl::OkStatus();
  return InvalidArgument(
      "it is a secret, and a plan holds references to secrets only; write ${env:NAME} or ${file:/absolute/path}");
}

absl::StatusOr<std::string> ResolveSecret(std::string_view reference) {
  RETURN_IF_ERROR(CheckSecretReference(reference));
  if (auto name = Variable(reference)) {
    const char* value = std::getenv(name->c_str());
    if (value != nullptr && *value != '\0') return std::string(value);
    return FailedPrecondition("look up secret ", reference,
                              ": this process has no such environment variable, or it is empty; set it for ",
                              "the coordinator and for every worker, and start them again");
  }
  std::ifstream file(*Path(reference), std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  std::string value = content.str();
  if (value.ends_with('\n')) value.pop_back();
  if (value.ends_with('\r')) value.pop_back();
  if (file && !value.empty()) return value;
  return FailedPrecondition("look up secret ", reference,
                            ": the file cannot be read, or it is empty; it must be readable on the machines ",
                            "of the coordinator and of every worker");
}

}  // namespace millrace
