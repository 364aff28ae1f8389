#include "tests/coordinator/sql/cases.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

namespace millrace::sql {

std::string ReadText(const std::string& name) {
  std::ifstream file(std::string(MILLRACE_SOURCE_DIR) + "/tests/coordinator/sql/" + name);
  EXPECT_TRUE(file) << name;
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

std::vector<GoldenCase> ReadCases(const std::string& name) {
  std::vector<GoldenCase> cases;
  std::istringstream lines(ReadText("golden/" + name));
  bool answered = true;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#") || line.empty()) continue;
    const bool answer = line.starts_with("=> ");
    if (!answer && answered) cases.push_back({});
    std::string& part = answer ? cases.back().expected : cases.back().input;
    part += (part.empty() ? "" : "\n") + (answer ? line.substr(3) : line);
    answered = answer;
  }
  return cases;
}

void RewriteCases(const std::string& name, const std::function<std::string(const std::string& input)>& answer) {
  const char* to = std::getenv("MILLRACE_GOLDEN_TO");
  if (to == nullptr) return;
  std::ofstream out(std::string(to) + "/" + name);
  std::istringstream lines(ReadText("golden/" + name));
  std::string input;
  const auto flush = [&] {
    if (input.empty()) return;
    std::istringstream answers(answer(input));
    for (std::string line; std::getline(answers, line);) out << "=> " << line << "\n";
    input.clear();
  };
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("=> ")) continue;
    if (line.empty() || line.starts_with("#")) {
      flush();
    } else {
      input += (input.empty() ? "" : "\n") + line;
    }
    out << line << "\n";
  }
  flush();
}

}  // namespace millrace::sql
