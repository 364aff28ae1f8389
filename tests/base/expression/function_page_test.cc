#include "base/expression/function_page.h"

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "base/expression/function_table.h"
#include "gtest/gtest.h"

namespace millrace {
namespace {

TEST(FunctionPage, IsWhatTheDocumentationHas) {
  const std::string name = std::string(MILLRACE_SOURCE_DIR) + "/docs/sql_functions.md";
  if (std::getenv("MILLRACE_WRITE_GOLDEN") != nullptr) std::ofstream(name) << FunctionPage();
  std::ifstream file(name);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), FunctionPage()) << "run this test with MILLRACE_WRITE_GOLDEN=1";
}

TEST(FunctionPage, EveryFunctionIsWhole) {
  for (const Function& function : AllFunctions()) {
    EXPECT_FALSE(function.family.empty()) << function.name;
    EXPECT_FALSE(function.signature.empty()) << function.name;
    EXPECT_TRUE(function.rule != nullptr) << function.name;
    EXPECT_NE(function.kernel != nullptr, function.node != nullptr) << function.name;
    for (const std::string& alias : function.aliases) {
      for (const Function* other : FindFunctions(alias)) EXPECT_EQ(other->name, function.name) << alias;
    }
  }
}

}  // namespace
}  // namespace millrace
