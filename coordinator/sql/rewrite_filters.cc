#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/expression/condition.h"
#include "base/expression/function_registry.h"
#include "coordinator/sql/plan_readers.h"
#include "coordinator/sql/rewrites.h"

namespace millrace::sql {
namespace {

using Conjuncts = std::vector<v1::Expression>;

bool ReadsOnly(const v1::Expression& expression, const std::vector<PlanColumn>& columns) {
  std::vector<std::string> read;
  CollectColumns(expression, read);
  return std::all_of(read.begin(), read.end(), [&](const std::string& name) {
    return std::any_of(columns.begin(), columns.end(), [&](const PlanColumn& column) { return column.name == name; });
  });
}

// The condition in terms of what is below a project; nullopt: it would compute something twice.
std::optional<v1::Expression> Below(const v1::Expression& condition, const v1::Project& project) {
  std::vector<std::string> read;
  CollectColumns(condition, read);
  std::map<std::string, std::string> names;
  for (const v1::NamedExpression& column : project.columns()) {
    if (column.expression().has_column()) names[column.name()] = column.expression().column();
  }
  for (const std::string& name : read) {
    if (!names.contains(name)) return std::nullopt;
  }
  v1::Expression below = condition;
  RenameColumns(below, names);
  return below;
}

class FilterPusher {
 public:
  FilterPusher(const std::vector<LogicalNode*>& sinks, LogicalPlan& plan)
      : plan_(plan), sinks_(sinks), readers_(sinks) {}

  // True: something moved.
  bool Step() {
    for (LogicalNode* node : Reachable(sinks_)) {
      if (!node->node.has_filter() || !node->inputs[0].output.empty()) continue;
      if (Move(*node)) return true;
    }
    return false;
  }

 private:
  bool Move(LogicalNode& filter) {
    LogicalNode* below = filter.inputs[0].from;
    if (readers_.Count(below) != 1) return false;
    if (below->node.has_filter() && below->inputs[0].output.empty()) return Unite(filter, *below);
    if (below->node.has_project() && below->inputs[0].output.empty()) {
      return Push(filter, *below, [&](const v1::Expression& own) { return Below(own, below->node.project()); });
    }
    if (below->node.has_unnest()) {
      const LogicalNode& input = *below->inputs[0].from;
      return Push(filter, *below, [&](const v1::Expression& own) {
        return ReadsOnly(own, input.columns) ? std::optional(own) : std::nullopt;
      });
    }
    if (below->node.has_union_()) return PushIntoUnion(filter, *below);
    return false;
  }

  // The condition below stands first, so that it goes on protecting the other.
  bool Unite(LogicalNode& filter, LogicalNode& below) {
    Conjuncts conjuncts;
    for (const LogicalNode* node : {&below, &filter}) {
      for (const v1::Expression* own : ConjunctsOf(node->node.filter().condition())) conjuncts.push_back(*own);
    }
    *filter.node.mutable_filter()->mutable_condition() = AllOf(std::move(conjuncts));
    filter.inputs = below.inputs;
    readers_.Refresh(sinks_);
    return true;
  }

  template <typename Translate>
  bool Push(LogicalNode& filter, LogicalNode& below, Translate translate) {
    Conjuncts moved, kept;
    for (const v1::Expression* own : ConjunctsOf(filter.node.filter().condition())) {
      std::optional<v1::Expression> other = translate(*own);
      // What chance decides is decided where it is written, once for each row that comes there.
      if (!IsDeterministic(*own)) other = std::nullopt;
      // What stays may have protected it.
      if (other && !kept.empty() && MayFail(*own, filter.columns)) other = std::nullopt;
      if (other) {
        moved.push_back(*std::move(other));
      } else {
        kept.push_back(*own);
      }
    }
    if (moved.empty()) return false;
    below.inputs[0].from = plan_.AddFilter(below.inputs[0].from, AllOf(std::move(moved)));
    Keep(filter, std::move(kept));
    return true;
  }

  bool PushIntoUnion(LogicalNode& filter, LogicalNode& all) {
    if (!IsDeterministic(filter.node.filter().condition())) return false;
    for (LogicalNode::Input& input : all.inputs) {
      if (!input.output.empty()) return false;
    }
    for (LogicalNode::Input& input : all.inputs) {
      std::map<std::string, std::string> names;
      for (size_t i = 0; i < all.columns.size(); ++i) names[all.columns[i].name] = input.from->columns[i].name;
      v1::Expression condition = filter.node.filter().condition();
      RenameColumns(condition, names);
      input.from = plan_.AddFilter(input.from, std::move(condition));
    }
    Keep(filter, {});
    return true;
  }

  // Leaves the filter with these conditions, or without any: then its readers read what it read.
  void Keep(LogicalNode& filter, Conjuncts kept) {
    if (!kept.empty()) {
      *filter.node.mutable_filter()->mutable_condition() = AllOf(std::move(kept));
    } else {
      Bypass(filter, sinks_);
    }
    readers_.Refresh(sinks_);
  }

  LogicalPlan& plan_;
  const std::vector<LogicalNode*>& sinks_;
  PlanReaders readers_;
};

}  // namespace

void PushFilters(const std::vector<LogicalNode*>& sinks, LogicalPlan& plan) {
  // Each step moves a condition down or takes a filter away; the bound is for plans that nobody writes.
  constexpr int kMostSteps = 2'000;
  FilterPusher pusher(sinks, plan);
  for (int step = 0; step < kMostSteps && pusher.Step(); ++step) {
  }
}

}  // namespace millrace::sql
