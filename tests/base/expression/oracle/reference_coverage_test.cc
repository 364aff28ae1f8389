// Which functions the reference evaluator knows.
#include <map>
#include <set>
#include <string>

#include "base/expression/function_registry.h"
#include "gtest/gtest.h"
#include "tests/base/expression/reference/evaluator.h"

namespace millrace {
namespace {

// A function that is new stands in the reference, or here with the reason why not. Those of the list
// that function_forms.h has run in the random expressions as well: folded, together and alone they are compared with
// themselves.
const std::map<std::string, std::string>& WithoutReference() {
  static const auto* const kReasons = new std::map<std::string, std::string>{
      {"convert_tz", "reads and writes by SimpleDateFormat, of which the reference has only the writing"},
      {"unix_timestamp", "as convert_tz"},
      {"decode", "character sets are Java's; string_encode_test.cc has examples"},
      {"encode", "as decode"},
      {"from_base64", "a library's; its examples are in string_encode_test.cc"},
      {"url_decode", "as from_base64"},
      {"parse_url", "the grammar of java.net.URL would be written a second time; string_encode_test.cc has examples"},
      {"md5", "a library's, whose own tests prove it"},
      {"sha1", "as md5"},
      {"sha2", "as md5"},
      {"sha224", "as md5"},
      {"sha256", "as md5"},
      {"sha384", "as md5"},
      {"sha512", "as md5"},
      {"is_decimal", "what Java reads as a number; string_search_test.cc has examples"},
      {"regexp", "would need a second engine for regular expressions; string_regex_test.cc has examples"},
      {"regexp_count", "as regexp"},
      {"regexp_extract", "as regexp"},
      {"regexp_extract_all", "as regexp"},
      {"regexp_instr", "as regexp"},
      {"regexp_replace", "as regexp"},
      {"regexp_substr", "as regexp"},
      {"similar_to", "as regexp"},
      {"str_to_map", "as regexp, for its delimiters are"},
      {"current_timestamp", "what the clock says; evaluation_context_test.cc has one that is known"},
      {"localtimestamp", "as current_timestamp"},
      {"current_date", "as current_timestamp"},
      {"localtime", "as current_timestamp"},
      {"rand", "chance; evaluation_context_test.cc has seeds that Flink has answered"},
      {"rand_integer", "as rand"},
      {"uuid", "as rand"},
      {"window_start", "tests/oracle/window_oracle.py is its reference, with time zones of its own"},
      {"window_end", "as window_start"},
      {"window_time", "as window_start"},
  };
  return *kReasons;
}

TEST(ReferenceEvaluator, KnowsEveryFunctionThatIsNotSaidToBeWithoutOne) {
  const std::set<std::string> known = reference::KnownFunctions();
  std::set<std::string> registered;
  for (const std::string& name : ScalarFunctionNames()) {
    registered.insert(name);
    EXPECT_NE(known.contains(name), WithoutReference().contains(name))
        << name
        << ": write what it does in tests/base/expression/reference, or why that is not there into this test; not both";
  }
  for (const std::string& name : known) EXPECT_TRUE(registered.contains(name)) << name << " is no function";
  for (const auto& [name, reason] : WithoutReference()) EXPECT_TRUE(registered.contains(name)) << name;
}

}  // namespace
}  // namespace millrace
