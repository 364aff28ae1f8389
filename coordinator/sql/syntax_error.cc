#include "coordinator/sql/syntax_error.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "base/error.h"
#include "base/mutex.h"
#include "base/nearest_name.h"
#include "coordinator/sql/expectation_words.h"
#include "coordinator/sql/grammar_walk.h"
#include "coordinator/sql/sql_grammar.h"
#include "coordinator/sql/utf8.h"
#include "coordinator/sql/words.h"

namespace millrace::sql {
namespace {

using P = sql_grammar::SqlParser;

constexpr size_t kMostTokens = 5'000;   // of a statement for which repairs are tried; each costs a walk
constexpr size_t kLongestExcerpt = 30;  // characters of a token in a message
constexpr std::string_view kBeginnings =
    "a statement begins with CREATE, INSERT, SELECT, WITH, EXECUTE, EXPLAIN, SET, RESET, SHOW, DESCRIBE or DROP";

bool IsWord(const Token& token) {
  const unsigned char first = token.text.empty() ? ' ' : static_cast<unsigned char>(token.text[0]);
  return (absl::ascii_isalpha(first) || first == '_') && token.type != P::STRING && token.type != P::UNICODE_STRING &&
         token.type != P::BINARY_STRING;
}

bool IsReserved(const Token& token) { return IsWord(token) && IsReservedWord(UpperCase(token.text)); }

std::string Excerpt(const Token& token) {
  std::string out;
  size_t at = 0;
  for (size_t i = 0; at < token.text.size() && i < kLongestExcerpt; ++i) {
    const size_t length = std::max<size_t>(1, Utf8Length(token.text, at));
    const bool control = static_cast<unsigned char>(token.text[at]) < ' ';
    out += control ? std::string(" ") : std::string(token.text.substr(at, length));
    at += length;
  }
  if (at < token.text.size()) out += "…";
  if (IsReserved(token)) return UpperCase(out);
  return out.find('\'') == out.npos ? Cat("'", out, "'") : out;
}

// Words that begin a part of a query: they are seldom meant as names.
bool IsStructural(size_t type) {
  switch (type) {
    case P::K_SELECT:
    case P::K_FROM:
    case P::K_WHERE:
    case P::K_HAVING:
    case P::K_UNION:
    case P::K_INTERSECT:
    case P::K_EXCEPT:
    case P::K_INTO:
    case P::K_VALUES:
    case P::K_AS:
    case P::K_ON:
    case P::K_JOIN:
    case P::K_WITH:
    case P::K_BY:
    case P::K_AND:
    case P::K_OR:
    case P::K_WHEN:
    case P::K_THEN:
    case P::K_ELSE:
    case P::K_END:
    case P::K_CASE:
    case P::K_IN:
    case P::K_IS:
    case P::K_LIKE:
    case P::K_BETWEEN:
    case P::K_NOT:
    case P::K_USING:
    case P::K_OVER:
    case P::K_FILTER:
    case P::K_LIMIT:
    case P::K_OFFSET:
    case P::K_FETCH:
    case P::K_FOR:
    case P::K_CREATE:
    case P::K_INSERT:
      return true;
    default:
      return false;
  }
}

// What is a statement of its own, or the end of one.
bool BeginsStatement(size_t type) {
  switch (type) {
    case P::K_CREATE:
    case P::K_INSERT:
    case P::K_SELECT:
    case P::K_DROP:
    case P::K_SET:
    case P::K_RESET:
    case P::K_SHOW:
    case P::K_DESCRIBE:
    case P::K_EXPLAIN:
    case P::K_END:
      return true;
    default:
      return false;
  }
}

class SyntaxError {
 public:
  SyntaxError(std::span<const Token> statement, GrammarWalk& walk) : tokens_(statement), walk_(walk) {
    for (const Token& token : tokens_) types_.push_back(token.type);
    misfit_ = walk_.FirstMisfit(types_);
  }

  std::optional<Diagnostic> Explain() {
    if (misfit_ > types_.size()) return std::nullopt;
    expected_ = walk_.ExpectedAt(types_, misfit_);
    if (tokens_.size() > kMostTokens) return Plain();
    for (auto attempt : {&SyntaxError::Misplaced, &SyntaxError::Operator, &SyntaxError::Misspelled,
                         &SyntaxError::TextWithoutQuotes, &SyntaxError::Reserved, &SyntaxError::LooseComma,
                         &SyntaxError::Parenthesis, &SyntaxError::MissingSemicolon}) {
      if (std::optional<Diagnostic> diagnostic = (this->*attempt)()) return diagnostic;
    }
    return Plain();
  }

 private:
  const Token& At(size_t i) const { return tokens_[i]; }
  bool AtEnd() const { return misfit_ == tokens_.size(); }

  SourceRange Place(size_t i) const {
    if (i < tokens_.size()) return At(i).range;
    const SourcePosition end = tokens_.back().range.end;
    return {end, {end.line, end.column + 1}};
  }

  // Whether with another token type at `i` every token up to `last` fits; behind the last token: the statement does.
  // What follows is not walked, for each step that was never taken before is dear.
  bool FitsWith(size_t i, size_t type, size_t last) {
    const bool whole = last >= types_.size();
    std::vector<size_t> types(types_.begin(), whole ? types_.end() : types_.begin() + static_cast<ptrdiff_t>(last) + 1);
    types[i] = type;
    return walk_.FirstMisfit(types) >= types.size() + (whole ? 1 : 0);
  }

  // Heads of statement sets, which the grammar does not see, and late data of what is no INSERT.
  std::optional<Diagnostic> Misplaced() {
    if (AtEnd()) return std::nullopt;
    const std::string word = UpperCase(At(misfit_).text);
    const auto says = [this](std::string message) { return Diagnostic{{}, Place(misfit_), std::move(message)}; };
    if (misfit_ == 0 && word == "EXECUTE") return says("EXECUTE is followed by STATEMENT SET BEGIN, INSERTs, and END");
    if (misfit_ == 0 && word == "BEGIN") return says("BEGIN is followed by STATEMENT SET, INSERTs, and END");
    if (misfit_ == 0 && word == "END") return says("END closes a statement set, and none is open");
    if (misfit_ > 0 && types_[misfit_] == P::K_DATA && types_[misfit_ - 1] == P::K_LATE) {
      return Diagnostic{{}, Place(misfit_ - 1), "LATE DATA TO stands at the end of an INSERT"};
    }
    return std::nullopt;
  }

  // Operators of other languages.
  std::optional<Diagnostic> Operator() {
    if (AtEnd() || At(misfit_).type != P::OTHER) return std::nullopt;
    constexpr std::pair<std::string_view, std::string_view> kAdvice[] = {
        {"==", "write = to compare"},
        {"!=", "write <> to compare"},
        {"::", "write CAST(value AS type)"},
        {"&&", "write AND"},
        {"|", "write || or OR"},
        {"<=>", "write IS NOT DISTINCT FROM"},
        {"!", "write NOT"},
        {"?", "a script has no parameters"},
        {"->", "write value[key] or a function"},
        {"{", "a script has no variables; write the value"}};
    for (const auto& [text, advice] : kAdvice) {
      if (At(misfit_).text == text)
        return Diagnostic{{}, Place(misfit_), Cat("there is no ", Excerpt(At(misfit_)), "; ", advice)};
    }
    return std::nullopt;
  }

  // The offending word, or the one in front that was taken for a name, is nearly a word that would have helped.
  std::optional<Diagnostic> Misspelled() {
    for (size_t back = 0; back <= 1 && back <= misfit_; ++back) {
      const size_t i = misfit_ - back;
      if (i >= tokens_.size() || !IsWord(At(i))) continue;
      // A word of the language by itself is less likely to be an error of spelling.
      const bool known = !WordOfTokenType(types_[i]).empty();
      if (known && back > 0) continue;
      const std::string upper = UpperCase(At(i).text);
      const Expectations expected = back == 0 ? expected_ : walk_.ExpectedAt(types_, i);
      // Of words that are equally near, the one with the same first letter.
      std::vector<std::pair<std::string, size_t>> words, others;
      for (size_t type : expected.all.Types()) {
        const std::string_view word = WordOfTokenType(type);
        if (!word.empty() && word != upper) (word[0] == upper[0] ? words : others).emplace_back(word, type);
      }
      words.insert(words.end(), others.begin(), others.end());
      for (int attempt = 0; attempt < 3; ++attempt) {
        std::vector<std::string> names;
        for (const auto& [word, type] : words) names.push_back(word);
        const std::optional<std::string> nearest = NearestName(upper, names);
        if (!nearest) break;
        const auto found =
            std::find_if(words.begin(), words.end(), [&](const auto& word) { return word.first == *nearest; });
        if (FitsWith(i, found->second, known ? tokens_.size() : misfit_)) {
          return Diagnostic{{}, Place(i), Cat("unexpected ", Excerpt(At(i)), "; did you mean ", *nearest, "?")};
        }
        words.erase(found);
      }
    }
    return std::nullopt;
  }

  // Text without quotes, with what follows it closely: parallelism.default.
  std::optional<Diagnostic> TextWithoutQuotes() {
    if (AtEnd() || !expected_.all.contains(P::STRING) || expected_.all.contains(P::IDENTIFIER)) return std::nullopt;
    const auto is_part = [this](size_t i) {
      return IsWord(At(i)) || types_[i] == P::INTEGER || types_[i] == P::DECIMAL || types_[i] == P::QUOTED_IDENTIFIER;
    };
    if (!is_part(misfit_)) return std::nullopt;
    size_t last = misfit_;
    std::string text(At(last).text);
    while (last + 1 < tokens_.size() && At(last + 1).range.begin == At(last).range.end &&
           (is_part(last + 1) || types_[last + 1] == P::DOT || types_[last + 1] == P::MINUS)) {
      ++last;
      text += At(last).text;
    }
    std::erase(text, '`');
    return Diagnostic{
        {}, {At(misfit_).range.begin, At(last).range.end}, Cat("text stands in single quotes: '", text, "'")};
  }

  // A reserved word where a name would do.
  std::optional<Diagnostic> Reserved() {
    if (AtEnd()) return std::nullopt;
    const Token& token = At(misfit_);
    if (!IsReserved(token) || !expected_.all.contains(P::QUOTED_IDENTIFIER) ||
        !FitsWith(misfit_, P::QUOTED_IDENTIFIER, misfit_)) {
      return std::nullopt;
    }
    const size_t next = misfit_ + 1 < tokens_.size() ? types_[misfit_ + 1] : size_t{P::SEMICOLON};
    const size_t before = misfit_ > 0 ? types_[misfit_ - 1] : size_t{P::SEMICOLON};
    if (next == P::K_BY) return std::nullopt;
    if (IsStructural(token.type)) {
      const bool after_name = next == P::COMMA || next == P::DOT || next == P::EQ || TypesBegin().contains(next);
      const bool wants_name = before == P::K_AS || before == P::DOT || before == P::K_INTO;
      if ((!after_name && !wants_name) || token.type == P::K_SELECT) return std::nullopt;
    }
    return Diagnostic{
        {}, Place(misfit_), Cat(UpperCase(token.text), " is a reserved word; as a name, quote it: `", token.text, "`")};
  }

  static const std::set<size_t>& TypesBegin() {
    static const auto* const types =
        new std::set<size_t>{P::K_BOOLEAN,       P::K_TINYINT,   P::K_SMALLINT, P::K_INT,  P::K_INTEGER, P::K_BIGINT,
                             P::K_FLOAT,         P::K_DOUBLE,    P::K_DECIMAL,  P::K_CHAR, P::K_VARCHAR, P::K_STRING,
                             P::K_BINARY,        P::K_VARBINARY, P::K_BYTES,    P::K_DATE, P::K_TIME,    P::K_TIMESTAMP,
                             P::K_TIMESTAMP_LTZ, P::K_ARRAY,     P::K_MAP,      P::K_ROW};
    return *types;
  }

  std::optional<Diagnostic> LooseComma() {
    if (misfit_ == 0 || AtEnd() || At(misfit_ - 1).type != P::COMMA) return std::nullopt;
    std::vector<size_t> types(types_.begin(), types_.begin() + static_cast<ptrdiff_t>(misfit_) + 1);
    types.erase(types.begin() + static_cast<ptrdiff_t>(misfit_) - 1);
    if (walk_.FirstMisfit(types) < misfit_) return std::nullopt;
    return Diagnostic{
        {}, Place(misfit_ - 1), Cat("nothing follows this comma but ", Excerpt(At(misfit_)), "; remove it")};
  }

  std::optional<Diagnostic> Parenthesis() {
    std::vector<size_t> open;
    for (size_t i = 0; i < misfit_; ++i) {
      if (types_[i] == P::LPAREN) open.push_back(i);
      if (types_[i] == P::RPAREN && !open.empty()) open.pop_back();
    }
    if (AtEnd() && !open.empty() && expected_.all.contains(P::RPAREN)) {
      return Diagnostic{{}, Place(open.back()), "this '(' is not closed; a ')' is missing"};
    }
    if (!AtEnd() && open.empty() && types_[misfit_] == P::RPAREN) {
      return Diagnostic{{}, Place(misfit_), "no '(' was opened for this ')'"};
    }
    return std::nullopt;
  }

  std::optional<Diagnostic> MissingSemicolon() {
    if (AtEnd() || misfit_ == 0 || !expected_.end) return std::nullopt;
    if (!BeginsStatement(types_[misfit_])) return std::nullopt;
    return Diagnostic{{}, Place(misfit_), Cat("a ';' is missing in front of ", Excerpt(At(misfit_)))};
  }

  Diagnostic Plain() const {
    std::string message = AtEnd() ? "the statement ends too early" : Cat("unexpected ", Excerpt(At(misfit_)));
    const std::string expected = InPlainWords(expected_);
    if (misfit_ == 0) {
      message += Cat("; ", kBeginnings);
    } else if (!expected.empty()) {
      message += Cat("; expected ", expected);
    }
    return {{}, Place(misfit_), std::move(message)};
  }

  const std::span<const Token> tokens_;
  std::vector<size_t> types_;
  GrammarWalk& walk_;
  size_t misfit_ = 0;
  Expectations expected_;
};

}  // namespace

std::optional<Diagnostic> ExplainSyntaxError(std::span<const Token> statement) {
  // What it remembers is true of every statement, and to find it out takes most of the time.
  static Mutex mutex;
  static auto& walk = *new GrammarWalk(NamedRules());
  MutexLock lock(&mutex);
  return SyntaxError(statement, walk).Explain();
}

}  // namespace millrace::sql
