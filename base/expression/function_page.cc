#include "base/expression/function_page.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/error.h"
#include "base/expression/function_table.h"

namespace millrace {
namespace {

std::string Cell(const std::string& text) { return absl::StrReplaceAll(text, {{"|", "\\|"}}); }

}  // namespace

std::string FunctionPage() {
  std::string page =
      "# Functions of SQL\n\n"
      "What SQL knows, with Flink's names, types and results; the last column says where a result differs. In a plan a function has the "
      "name of the second column.\n"
      "The page is written from the table of functions (`base/expression/function_table.h`) and compared with it by a test.\n";
  std::vector<std::string> families;
  for (const Function& function : AllFunctions()) {
    if (std::find(families.begin(), families.end(), function.family) == families.end()) {
      families.push_back(function.family);
    }
  }
  for (const std::string& family : families) {
    std::string heading = family;
    heading[0] = absl::ascii_toupper(static_cast<unsigned char>(heading[0]));
    absl::StrAppend(&page, "\n## ", heading, "\n\n| SQL | in a plan | what it gives | NULL | differs from Flink |\n|---|---|---|---|---|\n");
    for (const Function& function : AllFunctions()) {
      if (function.family != family) continue;
      std::string words = function.description;
      if (!function.aliases.empty()) {
        std::vector<std::string> names;
        for (const std::string& alias : function.aliases) names.push_back(Cat("`", absl::AsciiStrToUpper(alias), "`"));
        absl::StrAppend(&words, words.empty() ? "" : "; ", "also ", absl::StrJoin(names, ", "));
      }
      absl::StrAppend(&page, "| `", Cell(function.signature), "` | `", function.name, "` | ", Cell(words), " | ",
                      Cell(function.null_rule), " | ", Cell(function.difference), " |\n");
    }
  }
  return page;
}

}  // namespace millrace
