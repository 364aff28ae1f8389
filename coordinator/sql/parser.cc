#include "coordinator/sql/parser.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/error.h"
#include "coordinator/sql/ast_builder.h"
#include "coordinator/sql/grammar_parser.h"
#include "coordinator/sql/lexer.h"
#include "coordinator/sql/refused_statements.h"
#include "coordinator/sql/syntax_error.h"
#include "coordinator/sql/unquoted_option.h"

namespace millrace::sql {
namespace {

using P = sql_grammar::SqlParser;

// Brackets in brackets, and parentheses directly in front of a query. The generated parser looks past the latter to see
// whether a query or an expression begins, once for each.
constexpr int kMaxBrackets = 200;
constexpr int kMaxParenthesesOfQuery = 8;

// The token where brackets are nested too deeply to let the generated parser look at them.
std::optional<size_t> FindTooManyBrackets(std::span<const Token> statement) {
  int depth = 0, in_a_row = 0;
  for (size_t i = 0; i < statement.size(); ++i) {
    const size_t type = statement[i].type;
    const bool query = type == P::K_SELECT || type == P::K_VALUES || type == P::K_WITH || type == P::K_TABLE;
    if (query && in_a_row > kMaxParenthesesOfQuery) return i;
    in_a_row = type == P::LPAREN ? in_a_row + 1 : 0;
    if (type == P::LPAREN || type == P::LBRACKET) ++depth;
    if (type == P::RPAREN || type == P::RBRACKET) --depth;
    if (depth > kMaxBrackets) return i;
  }
  return std::nullopt;
}

// Takes a script apart at its semicolons, so that a statement that is wrong hides none of the others.
class ScriptParser {
 public:
  explicit ScriptParser(std::string_view sql) : tokens_(Tokenize(sql)) {}

  ParseResult Run() && {
    while (SkipSemicolons()) {
      if (BeginsSet()) {
        Set();
      } else if (std::optional<Statement> statement = Piece()) {
        result_.script.statements.push_back(std::move(*statement));
      }
    }
    return std::move(result_);
  }

 private:
  const Token& Now() const { return tokens_[at_]; }
  bool AtEnd() const { return Now().type == P::EOF; }

  void Report(const SourceRange& range, std::string message, Diagnostic::Kind kind = Diagnostic::Kind::kSyntax) {
    result_.diagnostics.push_back({kind, range, std::move(message)});
  }

  void ReportTooDeep(const Token& token) {
    Report(token.range,
           "this is nested too deeply; take parts of it out into views, or join long chains of operators in "
           "parentheses by halves");
  }

  bool SkipSemicolons() {
    while (Now().type == P::SEMICOLON) ++at_;
    return !AtEnd();
  }

  // Whether these words stand here, in any letter case; goes past them if so.
  bool Take(std::initializer_list<std::string_view> words) {
    size_t at = at_;
    for (std::string_view word : words) {
      if (tokens_[at].type == P::EOF || UpperCase(tokens_[at].text) != word) return false;
      ++at;
    }
    at_ = at;
    return true;
  }

  // Up to the next semicolon.
  std::span<const Token> TakePiece() {
    const size_t begin = at_;
    while (!AtEnd() && Now().type != P::SEMICOLON) ++at_;
    return std::span(tokens_).subspan(begin, at_ - begin);
  }

  std::optional<Statement> Piece() {
    const std::span<const Token> piece = TakePiece();
    if (std::optional<Statement> option = FindUnquotedOption(piece)) return option;
    for (const Token& token : piece) {
      if (token.error.empty()) continue;
      Report(token.range, token.error);
      return std::nullopt;
    }
    if (std::optional<RefusedStatement> refusal = FindRefusal(piece)) {
      Report({piece[0].range.begin, piece[refusal->num_tokens - 1].range.end}, refusal->message,
             Diagnostic::Kind::kUnsupported);
      return std::nullopt;
    }
    if (std::optional<size_t> token = FindTooManyBrackets(piece)) {
      ReportTooDeep(piece[*token]);
      return std::nullopt;
    }
    GrammarParser parser(piece);
    P::SingleStatementContext* tree = parser.Parse(GrammarParser::Effort::kFast);
    std::optional<Diagnostic> error;
    if (tree == nullptr && !parser.too_deep()) {
      error = ExplainSyntaxError(piece);
      if (!error) tree = parser.Parse(GrammarParser::Effort::kThorough);
    }
    if (tree != nullptr) {
      const size_t before = result_.diagnostics.size();
      Statement statement = AstBuilder(piece, &result_.diagnostics).Build(tree->statement());
      if (result_.diagnostics.size() > before) return std::nullopt;
      return statement;
    }
    if (parser.too_deep()) {
      ReportTooDeep(piece[std::min(parser.too_deep()->token, piece.size() - 1)]);
    } else {
      if (!error) error = Diagnostic{Diagnostic::Kind::kSyntax, piece[0].range, "this statement is not understood"};
      result_.diagnostics.push_back(std::move(*error));
    }
    return std::nullopt;
  }

  // EXECUTE STATEMENT SET BEGIN, the older BEGIN STATEMENT SET;, EXPLAIN … STATEMENT SET BEGIN. Nothing is taken yet.
  bool BeginsSet() {
    const size_t begin = at_;
    const bool found = TakeSetHead().has_value();
    at_ = begin;
    return found;
  }

  // Goes past the head of a statement set and says what EXPLAIN was asked for, if it is explained.
  struct SetHead {
    bool explained = false;
    std::vector<Explain::Detail> details;
  };
  std::optional<SetHead> TakeSetHead() {
    if (Take({"EXECUTE", "STATEMENT", "SET", "BEGIN"}) || Take({"BEGIN", "STATEMENT", "SET"})) return SetHead{};
    SetHead head{true, {}};
    if (!Take({"EXPLAIN"})) return std::nullopt;
    if (!Take({"PLAN", "FOR"})) {
      constexpr std::pair<std::string_view, Explain::Detail> kDetails[] = {
          {"ESTIMATED_COST", Explain::Detail::kEstimatedCost},
          {"CHANGELOG_MODE", Explain::Detail::kChangelogMode},
          {"JSON_EXECUTION_PLAN", Explain::Detail::kJsonExecutionPlan},
          {"PLAN_ADVICE", Explain::Detail::kPlanAdvice}};
      for (bool more = true; more;) {
        more = false;
        for (const auto& [word, detail] : kDetails) {
          if (!Take({word})) continue;
          head.details.push_back(detail);
          if (Now().type == P::COMMA) ++at_;
          more = true;
        }
      }
    }
    if (Take({"STATEMENT", "SET", "BEGIN"})) return head;
    return std::nullopt;
  }

  void Set() {
    const size_t begin = at_, before = result_.diagnostics.size();
    SetHead head = *TakeSetHead();
    const SourceRange head_range{tokens_[begin].range.begin, tokens_[at_ - 1].range.end};
    StatementSet set;
    for (;;) {
      if (!SkipSemicolons()) {
        // A ';' that is missing in front of END was reported.
        if (result_.diagnostics.size() == before)
          Report(head_range, "this statement set never ends; close it with END;");
        return;
      }
      if (Take({"END"})) break;
      const size_t piece = at_;
      std::optional<Statement> statement = Piece();
      if (!statement) continue;
      if (auto* insert = std::get_if<Insert>(&statement->node)) {
        set.inserts.push_back(std::move(*insert));
      } else {
        Report(tokens_[piece].range, "a statement set holds INSERT statements only");
      }
    }
    const SourceRange range{head_range.begin, tokens_[at_ - 1].range.end};
    if (!AtEnd() && Now().type != P::SEMICOLON) {
      Report(Now().range, "a ';' is missing behind END");
      TakePiece();
    }
    if (result_.diagnostics.size() > before) return;
    if (set.inserts.empty()) return Report(head_range, "this statement set is empty; it needs an INSERT");
    Statement statement{range, {}};
    if (head.explained) {
      statement.node = Explain{std::move(head.details), std::move(set)};
    } else {
      statement.node = std::move(set);
    }
    result_.script.statements.push_back(std::move(statement));
  }

  const std::vector<Token> tokens_;
  size_t at_ = 0;
  ParseResult result_;
};

}  // namespace

ParseResult Parse(std::string_view sql) {
  if (sql.size() <= kMaxScriptBytes) return ScriptParser(sql).Run();
  ParseResult result;
  result.diagnostics.push_back({Diagnostic::Kind::kSyntax,
                                {{1, 1}, {1, 2}},
                                Cat("the script has ", sql.size(), " bytes; at most ", kMaxScriptBytes, " are read")});
  return result;
}

absl::StatusOr<Script> ParseScript(std::string_view sql) {
  ParseResult result = Parse(sql);
  if (result.diagnostics.empty()) return std::move(result.script);
  return InvalidArgument(RenderDiagnostics(result.diagnostics, sql));
}

}  // namespace millrace::sql
