#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"

namespace millrace {

// The bytes of tests/golden/<name>, which holds them as hex digits with white space anywhere. MILLRACE_WRITE_GOLDEN=1
// writes `ours` there first: only for a file that is new, for what is frozen is never edited.
inline std::string GoldenBytes(const std::string& name, std::string_view ours) {
  const std::string path = std::string(MILLRACE_SOURCE_DIR) + "/tests/golden/" + name;
  if (std::getenv("MILLRACE_WRITE_GOLDEN") != nullptr && !std::ifstream(path)) {
    const std::string hex = absl::BytesToHexString(absl::string_view(ours.data(), ours.size()));
    std::ofstream file(path);
    for (size_t at = 0; at < hex.size(); at += 120) file << hex.substr(at, 120) << "\n";
  }
  std::ifstream file(path);
  EXPECT_TRUE(file) << path << " is missing";
  std::stringstream text;
  text << file.rdbuf();
  std::string hex;
  for (char c : text.str()) {
    if (!absl::ascii_isspace(static_cast<unsigned char>(c))) hex.push_back(c);
  }
  return absl::HexStringToBytes(hex);
}

}  // namespace millrace
