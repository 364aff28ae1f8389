#include "tests/base/expression/flink_sql.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/expression/string_encode.h"
#include "base/expression/string_units.h"
#include "base/macros.h"

namespace millrace {
namespace {

struct Token {
  enum Kind { kWord, kString, kNumber, kBytes, kSign, kEnd } kind = kEnd;
  std::string text;
};

absl::StatusOr<std::vector<Token>> Tokenize(std::string_view sql) {
  std::vector<Token> tokens;
  auto quoted = [&](size_t& i) {
    std::string text;
    for (++i; i < sql.size(); ++i) {
      if (sql[i] == '\'' && sql.substr(i + 1).starts_with('\''))
        ++i;
      else if (sql[i] == '\'')
        break;
      text += sql[i];
    }
    ++i;
    return text;
  };
  for (size_t i = 0; i < sql.size();) {
    const char c = sql[i];
    if (std::isspace(static_cast<unsigned char>(c))) {
      ++i;
    } else if (c == '\'') {
      tokens.push_back({Token::kString, quoted(i)});
    } else if (c == 'X' && sql.substr(i + 1).starts_with('\'')) {
      ++i;
      tokens.push_back({Token::kBytes, quoted(i)});
    } else if (std::isalpha(static_cast<unsigned char>(c)) || c == '_') {
      const size_t begin = i;
      while (i < sql.size() && (std::isalnum(static_cast<unsigned char>(sql[i])) || sql[i] == '_')) ++i;
      tokens.push_back({Token::kWord, std::string(sql.substr(begin, i - begin))});
    } else if (std::isdigit(static_cast<unsigned char>(c))) {
      const size_t begin = i;
      while (i < sql.size() && (std::isdigit(static_cast<unsigned char>(sql[i])) || sql[i] == '.')) ++i;
      tokens.push_back({Token::kNumber, std::string(sql.substr(begin, i - begin))});
    } else if (sql.substr(i).starts_with("||")) {
      tokens.push_back({Token::kSign, "||"});
      i += 2;
    } else if (std::string_view("(),+-").find(c) != std::string_view::npos) {
      tokens.push_back({Token::kSign, std::string(1, c)});
      ++i;
    } else {
      return InvalidArgument("cannot read '", sql.substr(i), "'");
    }
  }
  tokens.push_back({});
  return tokens;
}

using Expression = v1::Expression;
using Result = absl::StatusOr<Expression>;

Expression Literal(const std::string& type, const std::string& value) {
  Expression expression;
  expression.mutable_literal()->set_type(type + " NOT NULL");
  expression.mutable_literal()->set_value(value);
  return expression;
}

Expression Text(const std::string& value) { return Literal(Cat("CHAR(", CountCharacters(value), ")"), value); }

class Parser {
 public:
  Parser(std::vector<Token> tokens, std::string_view zone) : tokens_(std::move(tokens)), zone_(zone) {}

  absl::StatusOr<std::vector<Expression>> List() {
    if (!TakeWord("SELECT")) return Wrong();
    std::vector<Expression> list;
    do {
      ASSIGN_OR_RETURN(list.emplace_back(), Condition());
    } while (TakeSign(","));
    if (!AtEnd() && !TakeWord("FROM")) return Wrong();
    return list;
  }

 private:
  const Token& Next() const { return tokens_[at_]; }
  bool AtEnd() const { return Next().kind == Token::kEnd; }
  bool IsWord(std::string_view word) const { return Next().kind == Token::kWord && Next().text == word; }
  bool TakeWord(std::string_view word) {
    if (!IsWord(word)) return false;
    ++at_;
    return true;
  }
  bool TakeSign(std::string_view sign) {
    if (Next().kind != Token::kSign || Next().text != sign) return false;
    ++at_;
    return true;
  }
  absl::Status Wrong() const { return InvalidArgument("cannot read SQL at '", Next().text, "'"); }

  Expression Call(const std::string& function, std::vector<Expression> args) const {
    Expression expression;
    expression.mutable_call()->set_function(absl::AsciiStrToLower(function));
    expression.mutable_call()->set_zone(zone_);
    for (Expression& arg : args) *expression.mutable_call()->add_args() = std::move(arg);
    return expression;
  }

  Result Condition() {
    ASSIGN_OR_RETURN(Expression left, Sum());
    const bool negated = TakeWord("NOT");
    std::string function;
    if (TakeWord("LIKE")) function = "like";
    if (TakeWord("SIMILAR") && TakeWord("TO")) function = "similar_to";
    if (function.empty()) return negated ? Result(Wrong()) : Result(left);
    std::vector<Expression> args = {left};
    ASSIGN_OR_RETURN(args.emplace_back(), Sum());
    if (TakeWord("ESCAPE")) {
      ASSIGN_OR_RETURN(args.emplace_back(), Sum());
    }
    Expression call = Call(function, std::move(args));
    return negated ? Call("not", {call}) : call;
  }

  Result Sum() {
    ASSIGN_OR_RETURN(Expression left, Primary());
    for (;;) {
      const char* function = TakeSign("||")  ? "concat_operator"
                             : TakeSign("+") ? "plus"
                             : TakeSign("-") ? "minus"
                                             : nullptr;
      if (function == nullptr) return left;
      ASSIGN_OR_RETURN(Expression right, Primary());
      left = Call(function, {std::move(left), std::move(right)});
    }
  }

  Result Primary() {
    const Token token = Next();
    ++at_;
    if (token.kind == Token::kString) return Text(token.text);
    if (token.kind == Token::kNumber) return Number(token.text);
    if (token.kind == Token::kBytes) return Literal(Cat("BINARY(", token.text.size() / 2, ")"), token.text);
    if (token.text == "-" && Next().kind == Token::kNumber) return Number("-" + tokens_[at_++].text);
    if (token.kind != Token::kWord) {
      --at_;
      return Wrong();
    }
    if (Next().kind == Token::kString && token.text == "INTERVAL") return Interval();
    if (Next().kind == Token::kString) {
      const std::string value = tokens_[at_++].text;
      const size_t point = value.find('.');
      const size_t digits = point == std::string::npos ? 0 : value.size() - point - 1;
      return Literal(token.text == "DATE" ? "DATE" : Cat(token.text, "(", digits, ")"), value);
    }
    if (TakeSign("(")) return Arguments(token.text);
    Expression column;
    column.set_column(token.text);
    return column;
  }

  static Expression Number(const std::string& digits) {
    int32_t small = 0;
    if (digits.find('.') != std::string::npos) return Literal("DOUBLE", digits);
    return Literal(absl::SimpleAtoi(digits, &small) ? "INT" : "BIGINT", digits);
  }

  // INTERVAL 'text' UNIT [TO UNIT]; the value is months or milliseconds.
  Result Interval() {
    const std::string text = tokens_[at_++].text, unit = tokens_[at_++].text;
    const bool range = TakeWord("TO");
    if (range) ++at_;
    const std::map<std::string, double> kMonths = {{"YEAR", 12}, {"MONTH", 1}};
    const std::map<std::string, double> kMillis = {
        {"DAY", 86400e3}, {"HOUR", 3600e3}, {"MINUTE", 60e3}, {"SECOND", 1e3}};
    std::vector<double> parts;
    for (auto part : absl::StrSplit(text, absl::ByAnyChar("- :"))) {
      if (!absl::SimpleAtod(part, &parts.emplace_back())) return Wrong();
    }
    if (kMonths.contains(unit)) {
      const double months = parts[0] * kMonths.at(unit) + (range ? parts[1] : 0);
      return Literal("INTERVAL YEAR TO MONTH", std::to_string(static_cast<int64_t>(months)));
    }
    if (!kMillis.contains(unit)) return Wrong();
    double millis = parts[0] * kMillis.at(unit);
    if (range) millis += parts.at(1) * 3600e3 + parts.at(2) * 60e3 + parts.at(3) * 1e3;
    return Literal("INTERVAL DAY TO SECOND(3)", std::to_string(static_cast<int64_t>(millis)));
  }

  Result Arguments(const std::string& name) {
    std::string function = name;
    std::vector<Expression> args;
    if (name == "CAST") {
      if (TakeWord("NULL")) {
        Expression null;
        null.mutable_literal()->set_type("STRING");
        args.push_back(null);
      } else {
        Expression cast;
        ASSIGN_OR_RETURN(*cast.mutable_cast()->mutable_operand(), Sum());
        cast.mutable_cast()->set_type("STRING");
        cast.mutable_cast()->set_mode(v1::CAST_MODE_SQL);
        cast.mutable_cast()->set_zone(zone_);
        args.push_back(cast);
      }
      if (!TakeWord("AS") || !TakeWord("STRING") || !TakeSign(")")) return Wrong();
      return args[0];
    }
    const bool unit_first = name == "EXTRACT" || name == "TIMESTAMPADD" || name == "TIMESTAMPDIFF";
    if (unit_first) {
      args.push_back(Text(tokens_[at_++].text));
      if (!TakeWord("FROM") && !TakeSign(",")) return Wrong();
    }
    if (name == "TRIM") {
      const std::string side = IsWord("LEADING") || IsWord("TRAILING") || IsWord("BOTH") ? tokens_[at_++].text : "";
      if (side == "LEADING") function = "ltrim";
      if (side == "TRAILING") function = "rtrim";
      TakeWord("FROM");
      ASSIGN_OR_RETURN(args.emplace_back(), Sum());
      if (TakeWord("FROM")) {
        ASSIGN_OR_RETURN(Expression text, Sum());
        args.insert(args.begin(), text);
      }
      return TakeSign(")") ? Result(Call(function, args)) : Result(Wrong());
    }
    while (!TakeSign(")")) {
      ASSIGN_OR_RETURN(args.emplace_back(), Sum());
      if (TakeWord("TO")) {
        args.insert(args.begin(), Text(tokens_[at_++].text));
        function = name + "_to";
      }
      const bool more = TakeSign(",") || TakeWord("FROM") || TakeWord("FOR") || TakeWord("IN") || TakeWord("PLACING");
      if (!more && !(Next().kind == Token::kSign && Next().text == ")")) return Wrong();
    }
    return Call(function, std::move(args));
  }

  const std::vector<Token> tokens_;
  const std::string zone_;
  size_t at_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<v1::Expression>> SelectList(std::string_view sql, std::string_view zone) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens,
                   Tokenize(sql.substr(0, std::min(sql.rfind(" FROM texts"), sql.rfind(" FROM times")))));
  return Parser(std::move(tokens), zone).List();
}

}  // namespace millrace
