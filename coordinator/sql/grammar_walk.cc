#include "coordinator/sql/grammar_walk.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "coordinator/sql/first_tokens.h"
#include "coordinator/sql/sql_grammar.h"

namespace millrace::sql {
namespace {

using antlr4::atn::ATNState;
using antlr4::atn::Transition;
using sql_grammar::SqlParser;

constexpr size_t kMostPlaces = 50'000;  // to follow at once
// To remember: together about 40 MB.
constexpr size_t kMostFrames = 200'000;
constexpr size_t kMostKeptPlaces = 500'000;
constexpr size_t kMostSteps = 500'000;

// A rule under way: where to go on behind it, and how tightly what it reads must bind.
struct Frame {
  ATNState* behind;
  int precedence;
  const Frame* caller;
  bool operator==(const Frame&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const Frame& frame) {
    return H::combine(std::move(h), frame.behind, frame.precedence, frame.caller);
  }
};

using Place = std::pair<ATNState*, const Frame*>;

}  // namespace

// Every set of places that was reached is kept under a number, with where each token leads from it.
class GrammarWalk::Automaton {
 public:
  explicit Automaton(const std::set<size_t>& named) : outermost_(named) { Restart(); }

  size_t start() const { return 0; }

  // Where a token leads; nothing if it fits nowhere, or there is too much to follow.
  std::optional<size_t> Step(size_t from, size_t type) {
    auto [known, is_new] = steps_.try_emplace({from, type}, kNowhere);
    if (!is_new) return known->second == kNowhere ? std::nullopt : std::optional(known->second);
    std::vector<Place> next = Behind(places_[from], type);
    if (next.empty()) return std::nullopt;
    return known->second = NumberOf(std::move(next));
  }

  // Forgets everything if it has become much; numbers are worth nothing afterwards.
  void MayForget() {
    if (frames_.size() > kMostFrames || num_kept_ > kMostKeptPlaces || steps_.size() > kMostSteps) Restart();
  }

  Expectations Expected(size_t at) {
    Expectations expected;
    Unwind(places_[at], outermost_, [&](const FirstTokens& first) {
      expected.tokens.Unite(first.tokens);
      expected.rules.insert(first.rules.begin(), first.rules.end());
    });
    expected.end = expected.tokens.contains(antlr4::Token::EOF);
    expected.tokens.erase(antlr4::Token::EOF);
    Unwind(places_[at], first_, [&](const FirstTokens& first) { expected.all.Unite(first.tokens); });
    expected.all.erase(antlr4::Token::EOF);
    return expected;
  }

 private:
  static constexpr size_t kNowhere = static_cast<size_t>(-1);

  void Restart() {
    places_.clear();
    num_kept_ = 0;
    numbers_.clear();
    steps_.clear();
    by_value_.clear();
    frames_.clear();
    NumberOf({{sql_grammar::GrammarAutomaton().ruleToStartState[SqlParser::RuleSingleStatement],
               FrameOf({nullptr, 0, nullptr})}});
  }

  size_t NumberOf(std::vector<Place> places) {
    auto [known, is_new] = numbers_.try_emplace(std::move(places), places_.size());
    if (is_new) {
      places_.push_back(known->first);
      num_kept_ += known->first.size();
    }
    return known->second;
  }

  const Frame* FrameOf(const Frame& frame) {
    auto [found, is_new] = by_value_.try_emplace(frame, nullptr);
    if (is_new) found->second = &frames_.emplace_back(frame);
    return found->second;
  }

  // Tells what may be read first at each place, and behind each rule that may end there.
  template <typename OnFirst>
  static void Unwind(std::vector<Place> open, FirstTokensOf& first_tokens, const OnFirst& on_first) {
    absl::flat_hash_set<Place> seen(open.begin(), open.end());
    while (!open.empty()) {
      const auto [state, frame] = open.back();
      open.pop_back();
      const FirstTokens& first = first_tokens(state, frame->precedence);
      on_first(first);
      if (!first.ends || frame->behind == nullptr) continue;
      if (Place up{frame->behind, frame->caller}; seen.insert(up).second) open.push_back(up);
    }
  }

  // Where a token of this type leads from these places, in order; nothing if there is too much to follow. Enters only
  // rules that may begin with it, and goes through those that may be empty without looking into them.
  std::vector<Place> Behind(std::vector<Place> open, size_t type) {
    std::vector<Place> behind;
    absl::flat_hash_set<Place> seen(open.begin(), open.end()), reached;
    const auto visit = [&](ATNState* state, const Frame* frame) {
      if (seen.insert({state, frame}).second) open.push_back({state, frame});
    };
    while (!open.empty()) {
      if (seen.size() > kMostPlaces) return {};
      ATNState* const state = open.back().first;
      const Frame* const frame = open.back().second;
      open.pop_back();
      const FirstTokens& first = first_(state, frame->precedence);
      if (first.ends && frame->behind != nullptr) visit(frame->behind, frame->caller);
      if (!first.tokens.contains(type)) continue;
      const auto on_rule = [&](const antlr4::atn::RuleTransition& rule) {
        const FirstTokens& inner = first_(rule.target, rule.precedence);
        if (inner.tokens.contains(type)) visit(rule.target, FrameOf({rule.followState, rule.precedence, frame}));
        if (inner.ends) visit(rule.followState, frame);
      };
      const auto on_token = [&](const Transition& transition) {
        if (!sql_grammar::Reads(transition, type)) return;
        if (Place place{transition.target, frame}; reached.insert(place).second) behind.push_back(place);
      };
      sql_grammar::ForEachWay(
          *state, frame->precedence, on_rule, [&](ATNState* next) { visit(next, frame); }, on_token);
    }
    std::sort(behind.begin(), behind.end());
    return behind;
  }

  FirstTokensOf first_;
  FirstTokensOf outermost_;
  std::vector<std::vector<Place>> places_;
  size_t num_kept_ = 0;  // in all of them
  absl::flat_hash_map<std::vector<Place>, size_t> numbers_;
  absl::flat_hash_map<std::pair<size_t, size_t>, size_t> steps_;
  std::deque<Frame> frames_;  // stable addresses
  absl::flat_hash_map<Frame, const Frame*> by_value_;
};

GrammarWalk::GrammarWalk(const std::set<size_t>& named) : automaton_(std::make_unique<Automaton>(named)) {}
GrammarWalk::~GrammarWalk() = default;

size_t GrammarWalk::FirstMisfit(std::span<const size_t> types) {
  automaton_->MayForget();
  size_t at = automaton_->start();
  for (size_t i = 0; i < types.size(); ++i) {
    const std::optional<size_t> next = automaton_->Step(at, types[i]);
    if (!next) return i;
    at = *next;
  }
  return automaton_->Step(at, antlr4::Token::EOF) ? types.size() + 1 : types.size();
}

Expectations GrammarWalk::ExpectedAt(std::span<const size_t> types, size_t index) {
  automaton_->MayForget();
  size_t at = automaton_->start();
  for (size_t i = 0; i < index; ++i) {
    const std::optional<size_t> next = automaton_->Step(at, types[i]);
    if (!next) return {};
    at = *next;
  }
  return automaton_->Expected(at);
}

}  // namespace millrace::sql
