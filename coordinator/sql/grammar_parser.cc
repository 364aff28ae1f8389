#include "coordinator/sql/grammar_parser.h"

#include <utility>
#include <vector>

#include "coordinator/sql/parser.h"

namespace millrace::sql {
namespace {

using sql_grammar::SqlParser;

// Thrown through the generated code, which only catches what ANTLR throws.
struct DepthExceeded {
  size_t token;
};

std::unique_ptr<antlr4::ListTokenSource> SourceOf(std::span<const Token> tokens) {
  std::vector<std::unique_ptr<antlr4::Token>> copies;
  copies.reserve(tokens.size() + 1);
  for (size_t i = 0; i <= tokens.size(); ++i) {
    auto copy = std::make_unique<antlr4::CommonToken>(i < tokens.size() ? tokens[i].type : SqlParser::EOF);
    copy->setStartIndex(i);
    copy->setStopIndex(i);
    copies.push_back(std::move(copy));
  }
  return std::make_unique<antlr4::ListTokenSource>(std::move(copies));
}

bool IsChain(antlr4::tree::ParseTree* node) {
  return dynamic_cast<SqlParser::ConjunctionContext*>(node) || dynamic_cast<SqlParser::DisjunctionContext*>(node);
}

// The first token of the first node that is nested deeper than allowed. The parser has bounded its own recursion; what
// is left are chains of operators, whose tree leans to the left. Those of AND and OR become one node and count once.
std::optional<size_t> FindTooDeep(antlr4::tree::ParseTree* root) {
  std::vector<std::pair<antlr4::tree::ParseTree*, int>> open = {{root, 0}};
  while (!open.empty()) {
    const auto [node, depth] = open.back();
    open.pop_back();
    auto* context = dynamic_cast<antlr4::ParserRuleContext*>(node);
    if (context == nullptr) continue;
    if (depth > kMaxDepth) return context->getStart()->getStartIndex();
    for (size_t i = 0; i < node->children.size(); ++i) {
      antlr4::tree::ParseTree* child = node->children[i];
      const bool same = i == 0 && IsChain(node) && typeid(*child) == typeid(*node);
      open.emplace_back(child, same ? depth : depth + 1);
    }
  }
  return std::nullopt;
}

}  // namespace

// The generated parser recurses as deep as the text is nested, so each rule looks how deep it is.
class GrammarParser::DepthLimited final : public SqlParser {
 public:
  using SqlParser::SqlParser;

  void enterRule(antlr4::ParserRuleContext* context, size_t state, size_t rule) override {
    SqlParser::enterRule(context, state, rule);
    Look(context);
  }
  void enterRecursionRule(antlr4::ParserRuleContext* context, size_t state, size_t rule, int precedence) override {
    SqlParser::enterRecursionRule(context, state, rule, precedence);
    Look(context);
  }

 private:
  void Look(const antlr4::ParserRuleContext* context) {
    int depth = 0;
    for (const antlr4::tree::ParseTree* at = context; at != nullptr; at = at->parent) ++depth;
    if (depth > kMaxDepth) throw DepthExceeded{getCurrentToken()->getStartIndex()};
  }
};

GrammarParser::GrammarParser(std::span<const Token> tokens)
    : source_(SourceOf(tokens)),
      stream_(std::make_unique<antlr4::CommonTokenStream>(source_.get())),
      parser_(std::make_unique<DepthLimited>(stream_.get())) {
  parser_->removeErrorListeners();
  parser_->setErrorHandler(std::make_shared<antlr4::BailErrorStrategy>());
}

GrammarParser::~GrammarParser() = default;

SqlParser::SingleStatementContext* GrammarParser::Parse(Effort effort) {
  const auto mode = effort == Effort::kFast ? antlr4::atn::PredictionMode::SLL : antlr4::atn::PredictionMode::LL;
  stream_->seek(0);
  parser_->reset();
  parser_->getInterpreter<antlr4::atn::ParserATNSimulator>()->setPredictionMode(mode);
  try {
    SqlParser::SingleStatementContext* tree = parser_->singleStatement();
    if (std::optional<size_t> token = FindTooDeep(tree)) {
      too_deep_ = TooDeep{*token};
      return nullptr;
    }
    return tree;
  } catch (const DepthExceeded& exceeded) {
    too_deep_ = TooDeep{exceeded.token};
  } catch (const antlr4::ParseCancellationException&) {
  } catch (const antlr4::RecognitionException&) {
  }
  return nullptr;
}

}  // namespace millrace::sql
