#include "connectors/row_files/row_files.h"

#include "absl/strings/str_format.h"

namespace millrace {
namespace {

constexpr std::string_view kNullPartition = "__DEFAULT_PARTITION__";

// As Hive and Flink escape them; a leading dot or underscore would hide the directory only in a name that begins with
// it, and these begin with the column's name.
void AppendEscaped(std::string_view text, std::string* out) {
  constexpr std::string_view kSpecial = "\"#%'*/:=?\\{[]^";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || kSpecial.find(c) != kSpecial.npos) {
      absl::StrAppendFormat(out, "%%%02X", byte);
    } else {
      *out += c;
    }
  }
}

}  // namespace

std::string PartitionPath(const std::vector<std::string>& columns, const std::vector<std::optional<std::string>>& values) {
  std::string path;
  for (size_t i = 0; i < values.size(); ++i) {
    AppendEscaped(columns[i], &path);
    path += '=';
    if (values[i].has_value() && !values[i]->empty()) {
      AppendEscaped(*values[i], &path);
    } else {
      path += kNullPartition;
    }
    path += '/';
  }
  return path;
}

}  // namespace millrace
