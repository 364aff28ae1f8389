#include "coordinator/sql/lexer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "base/error.h"
#include "coordinator/sql/sql_grammar.h"
#include "coordinator/sql/utf8.h"
#include "coordinator/sql/words.h"

namespace millrace::sql {
namespace {

using Parser = sql_grammar::SqlParser;

constexpr std::string_view kMark = "\xEF\xBB\xBF";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool BeginsWord(char c) {
  return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '$' || (c & 0x80);
}
bool GoesOnWord(char c) { return BeginsWord(c) || IsDigit(c); }

struct Punctuation {
  std::string_view text;
  size_t type;
};

// Longer ones first. Those of type OTHER are in no rule; that they are one token makes a better message.
constexpr Punctuation kPunctuation[] = {
    {"/*+", Parser::HINT_BEGIN}, {"<=>", Parser::OTHER}, {"*/", Parser::HINT_END}, {"<=", Parser::LE},
    {">=", Parser::GE},          {"<>", Parser::NE},     {"!=", Parser::OTHER},    {"=>", Parser::ARROW},
    {"||", Parser::CONCAT},      {"::", Parser::OTHER},  {"==", Parser::OTHER},    {"&&", Parser::OTHER},
    {"->", Parser::OTHER},       {"(", Parser::LPAREN},  {")", Parser::RPAREN},    {"[", Parser::LBRACKET},
    {"]", Parser::RBRACKET},     {",", Parser::COMMA},   {".", Parser::DOT},       {";", Parser::SEMICOLON},
    {"=", Parser::EQ},           {"<", Parser::LT},      {">", Parser::GT},        {"+", Parser::PLUS},
    {"-", Parser::MINUS},        {"*", Parser::STAR},    {"/", Parser::SLASH},     {"%", Parser::PERCENT}};

class Lexer {
 public:
  explicit Lexer(std::string_view sql) : sql_(sql) {
    if (sql_.starts_with(kMark)) at_ = kMark.size();
  }

  std::vector<Token> Run() && {
    while (SkipBlank()) Next();
    Begin();
    End(Parser::EOF);
    return std::move(tokens_);
  }

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0'; }
  bool AtEnd() const { return at_ >= sql_.size(); }
  bool Sees(std::string_view text) const { return sql_.substr(at_).starts_with(text); }

  // Goes past one character; false if it is not UTF-8, of which one byte is passed then.
  bool Advance() {
    const size_t length = Utf8Length(sql_, at_);
    if (sql_[at_] == '\n') {
      ++position_.line;
      position_.column = 1;
    } else {
      ++position_.column;
    }
    at_ += std::max<size_t>(length, 1);
    return length > 0;
  }

  void Begin() {
    begin_ = at_;
    begin_position_ = position_;
  }
  Token& End(size_t type) {
    return tokens_.emplace_back(Token{type, sql_.substr(begin_, at_ - begin_), {begin_position_, position_}, {}});
  }
  // What is wrong from here on is shown at its beginning only: it may go on to the end of the script.
  void EndUnclosed(size_t type, std::string error) {
    Token& token = End(type);
    token.error = std::move(error);
    token.range.end = {begin_position_.line, begin_position_.column + 1};
  }

  // Goes past white space and comments; false at the end of the script.
  bool SkipBlank() {
    while (!AtEnd()) {
      if (absl::ascii_isspace(static_cast<unsigned char>(Peek()))) {
        Advance();
      } else if (Sees("--")) {
        while (!AtEnd() && Peek() != '\n') Advance();
      } else if (Sees("/*") && !Sees("/*+")) {
        Begin();
        const size_t close = sql_.find("*/", at_ + 2);
        const size_t behind = close == sql_.npos ? sql_.size() : close + 2;
        while (at_ < behind) Advance();
        if (close == sql_.npos) EndUnclosed(Parser::OTHER, "this comment never ends; close it with */");
      } else {
        return true;
      }
    }
    return false;
  }

  void Next() {
    Begin();
    const char c = Peek();
    if (c == '\'') return Quoted(Parser::STRING, '\'', "text");
    if ((c == 'U' || c == 'u') && Peek(1) == '&' && Peek(2) == '\'')
      return Quoted(Parser::UNICODE_STRING, '\'', "text");
    if ((c == 'X' || c == 'x') && Peek(1) == '\'') return Quoted(Parser::BINARY_STRING, '\'', "text");
    if (c == '`') return Quoted(Parser::QUOTED_IDENTIFIER, '`', "name");
    if (c == '"') return DoubleQuotes();
    if (std::string_view foreign = Foreign(); !foreign.empty()) {
      Advance();
      End(Parser::OTHER).error = std::string(foreign);
      return;
    }
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return Number();
    if (BeginsWord(c)) return Word();
    for (const Punctuation& punctuation : kPunctuation) {
      if (!Sees(punctuation.text)) continue;
      for (size_t i = 0; i < punctuation.text.size(); ++i) Advance();
      End(punctuation.type);
      return;
    }
    const auto byte = static_cast<unsigned char>(c);
    Advance();
    Token& token = End(Parser::OTHER);
    if (byte < 0x20 || byte == 0x7F)
      token.error = absl::StrFormat("a control character (0x%02X) has no place here", byte);
  }

  // '…' or `…`, with a double quote mark for one within.
  void Quoted(size_t type, char quote, std::string_view what) {
    while (Peek() != quote) Advance();  // U& or X in front
    Advance();
    bool valid = true;
    for (;;) {
      if (AtEnd()) {
        const std::string mark(1, quote);
        return EndUnclosed(type, Cat("this ", what, " never ends; close it with ", mark, ", and write ", mark, mark,
                                     " for one within"));
      }
      const char c = Peek();
      valid &= Advance();
      if (c != quote) continue;
      if (Peek() != quote) break;
      Advance();
    }
    Token& token = End(type);
    if (!valid) token.error = Cat("this ", what, " is not UTF-8");
    if (token.text == "``") token.error = "a name is not empty";
  }

  void DoubleQuotes() {
    Advance();
    const size_t close = std::min(sql_.find('"', at_), sql_.find('\n', at_));
    const size_t behind = close == sql_.npos ? sql_.size() : close + (sql_[close] == '"' ? 1 : 0);
    while (at_ < behind) Advance();
    End(Parser::OTHER).error =
        "double quotes mean nothing here; text stands in 'single quotes', a name in `back quotes`";
  }

  // Why the character here is no part of a name though it is beyond ASCII: word processors put such in.
  std::string_view Foreign() const {
    for (std::string_view mark : {"\u2018", "\u2019", "\u201C", "\u201D", "\u00B4"}) {
      if (Sees(mark)) return "this is a typographic quote; write ' around text and ` around a name";
    }
    for (std::string_view space : {"\u00A0", "\u2007", "\u202F", "\u200B", "\uFEFF"}) {
      if (Sees(space)) return "this is a special space; write an ordinary one";
    }
    return "";
  }

  void Digits() {
    while (IsDigit(Peek())) Advance();
  }

  void Number() {
    size_t type = Parser::INTEGER;
    Digits();
    if (Peek() == '.' && !BeginsWord(Peek(1))) {
      type = Parser::DECIMAL;
      Advance();
      Digits();
    }
    const size_t sign = Peek(1) == '+' || Peek(1) == '-' ? 1 : 0;
    if ((Peek() == 'e' || Peek() == 'E') && IsDigit(Peek(1 + sign))) {
      type = Parser::APPROXIMATE;
      for (size_t i = 0; i < 1 + sign; ++i) Advance();
      Digits();
    }
    const bool runs_on = GoesOnWord(Peek());
    while (GoesOnWord(Peek())) Advance();
    Token& token = End(type);
    if (runs_on) token.error = Cat("'", token.text, "' is no number; if it is a name, quote it: `", token.text, "`");
  }

  void Word() {
    bool valid = true;
    bool plain = true;
    while (GoesOnWord(Peek()) && Foreign().empty()) {
      plain &= (Peek() & 0x80) == 0;
      valid &= Advance();
    }
    Token& token = End(Parser::IDENTIFIER);
    if (plain) token.type = TokenTypeOfWord(UpperCase(token.text));
    if (!valid) token.error = "this is not UTF-8";
  }

  const std::string_view sql_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  SourcePosition position_;
  size_t begin_ = 0;
  SourcePosition begin_position_;
};

}  // namespace

std::vector<Token> Tokenize(std::string_view sql) { return Lexer(sql).Run(); }

std::string UpperCase(std::string_view word) { return absl::AsciiStrToUpper(AbslView(word)); }

}  // namespace millrace::sql
