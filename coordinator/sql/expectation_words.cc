#include "coordinator/sql/expectation_words.h"

#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "coordinator/sql/sql_grammar.h"
#include "coordinator/sql/words.h"

namespace millrace::sql {
namespace {

using P = sql_grammar::SqlParser;

constexpr size_t kMostWords = 8;

// Rules with the same words are one expectation; those without words are not worth mentioning.
const std::map<size_t, std::string_view>& RuleWords() {
  static const auto* const words =
      new std::map<size_t, std::string_view>{{P::RuleExpression, "an expression"},
                                             {P::RuleValueExpression, "an expression"},
                                             {P::RuleSelectItem, "an expression"},
                                             {P::RuleFunctionArgument, "an expression"},
                                             {P::RuleOrderItem, "an expression"},
                                             {P::RuleQuery, "a query"},
                                             {P::RuleGroupingElement, "an expression"},
                                             {P::RuleQueryBody, "a query"},
                                             {P::RuleQueryTerm, "a query"},
                                             {P::RuleDataType, "a type"},
                                             {P::RuleIdentifier, "a name"},
                                             {P::RuleQualifiedName, "a name"},
                                             {P::RuleStringLiteral, "text in 'single quotes'"},
                                             {P::RuleTimeUnit, "a time unit"},
                                             {P::RuleIntervalUnit, "a time unit"},
                                             {P::RuleLiteral, "a literal"},
                                             {P::RuleTableReference, "a table"},
                                             {P::RuleTablePrimary, "a table"},
                                             {P::RuleTableElement, "a column, WATERMARK or PRIMARY KEY"},
                                             {P::RuleTableAlias, "an alias"},
                                             {P::RuleWindowSpecification, "'('"},
                                             {P::RuleOption, "an option 'key' = 'value'"},
                                             {P::RuleFrameBound, "the end of a frame"},
                                             {P::RuleWindowFrame, "ROWS or RANGE"},
                                             {P::RuleHint, "a hint"},
                                             {P::RuleHints, ""},
                                             {P::RuleFunctionCall, ""},
                                             {P::RuleMatchRecognize, ""},
                                             {P::RuleCollectionSuffix, ""},
                                             {P::RulePrecisionList, ""}};
  return *words;
}

struct Group {
  std::string_view words;
  size_t least;  // this many of them, or they are named one by one
  std::set<size_t> types;
  std::set<size_t> also;  // not worth mentioning beside them
};

const std::vector<Group>& Groups() {
  static const auto* const groups = new std::vector<Group>{
      {"an operator",
       4,
       {P::EQ,   P::NE,    P::LT,      P::LE,     P::GT,        P::GE,        P::PLUS,      P::MINUS,
        P::STAR, P::SLASH, P::PERCENT, P::CONCAT, P::DOT,       P::LBRACKET,  P::K_AND,     P::K_OR,
        P::K_IS, P::K_NOT, P::K_IN,    P::K_LIKE, P::K_SIMILAR, P::K_BETWEEN, P::K_OVERLAPS},
       {P::LPAREN, P::ARROW}},
      {"a join",
       3,
       {P::K_JOIN, P::K_INNER, P::K_LEFT, P::K_RIGHT, P::K_FULL, P::K_CROSS, P::K_NATURAL},
       {P::LPAREN, P::DOT}},
      {"another clause",
       4,
       {P::K_WHERE, P::K_GROUP, P::K_HAVING, P::K_WINDOW, P::K_UNION, P::K_INTERSECT, P::K_EXCEPT, P::K_ORDER,
        P::K_LIMIT, P::K_OFFSET, P::K_FETCH, P::K_LATE, P::K_FOR},
       {}}};
  return *groups;
}

}  // namespace

const std::set<size_t>& NamedRules() {
  static const auto* const named = [] {
    auto* rules = new std::set<size_t>;
    for (const auto& [rule, words] : RuleWords()) rules->insert(rule);
    return rules;
  }();
  return *named;
}

std::string TokenWord(size_t type) {
  if (std::string_view word = WordOfTokenType(type); !word.empty()) return std::string(word);
  switch (type) {
    case P::LPAREN:
      return "'('";
    case P::RPAREN:
      return "')'";
    case P::LBRACKET:
      return "'['";
    case P::RBRACKET:
      return "']'";
    case P::COMMA:
      return "','";
    case P::DOT:
      return "'.'";
    case P::ARROW:
      return "=>";
    case P::HINT_BEGIN:
      return "a hint";
    case P::HINT_END:
      return "*/";
    case P::EQ:
      return "'='";
    case P::NE:
      return "<>";
    case P::LT:
      return "'<'";
    case P::LE:
      return "<=";
    case P::GT:
      return "'>'";
    case P::GE:
      return ">=";
    case P::PLUS:
      return "'+'";
    case P::MINUS:
      return "'-'";
    case P::STAR:
      return "'*'";
    case P::SLASH:
      return "'/'";
    case P::PERCENT:
      return "'%'";
    case P::CONCAT:
      return "||";
    case P::STRING:
    case P::UNICODE_STRING:
      return "text in 'single quotes'";
    case P::INTEGER:
      return "a whole number";
    default:
      return "";
  }
}

std::string InPlainWords(const Expectations& expected) {
  std::vector<std::string> words;
  std::set<std::string> said;
  const auto say = [&](std::string word) {
    if (!word.empty() && said.insert(word).second) words.push_back(std::move(word));
  };
  std::set<std::string_view> rules;
  for (size_t rule : expected.rules) rules.insert(RuleWords().at(rule));
  if (rules.contains("an expression") || rules.contains("a table")) rules.erase("a name");
  if (rules.contains("an expression")) rules.erase("a query");
  for (std::string_view rule : rules) say(std::string(rule));
  TokenSet tokens = expected.tokens;
  if (rules.contains("an alias")) tokens.erase(P::LPAREN), tokens.erase(P::DOT);
  std::vector<std::string> groups;
  for (const Group& group : Groups()) {
    size_t count = 0;
    for (size_t type : group.types) count += tokens.contains(type) ? 1 : 0;
    if (count < group.least) continue;
    for (size_t type : group.types) tokens.erase(type);
    for (size_t type : group.also) tokens.erase(type);
    groups.emplace_back(group.words);
  }
  for (size_t type : tokens.Types()) say(TokenWord(type));
  for (std::string& group : groups) say(std::move(group));
  if (expected.end) say("the end of the statement");
  if (words.size() > kMostWords) {
    words.resize(kMostWords);
    words.emplace_back("…");
  }
  std::string out;
  for (size_t i = 0; i < words.size(); ++i) {
    out += Cat(i == 0 ? "" : i + 1 == words.size() && words[i] != "…" ? " or " : ", ", words[i]);
  }
  return out;
}

}  // namespace millrace::sql
