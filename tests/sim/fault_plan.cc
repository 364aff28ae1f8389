#include "tests/sim/fault_plan.h"

#include <algorithm>
#include <cstdlib>

#include "base/check.h"
#include "base/error.h"

namespace millrace::sim {
namespace {

constexpr std::array<std::string_view, kNumFaultKinds> kNames = {
    "kill",       "freeze",    "silent_freeze", "kill_restoring", "step",         "crash_before", "crash_after",
    "error",      "lost_answer", "late_put",    "rival",          "slow_call",    "stall",        "store_down",
    "store_full", "break",     "half_open",     "late_close",     "cut_off",      "cut",          "cut_one_way",
    "flap",       "slow_link", "stale_route",   "repeat",         "stop",         "cancel",       "request_twice",
    "request_late",
};

uint64_t HashOf(uint64_t seed, std::string_view kind, std::string_view who) {
  uint64_t hash = 14695981039346656037ull ^ seed;
  auto add = [&hash](unsigned char c) { hash = (hash ^ c) * 1099511628211ull; };
  for (unsigned char c : kind) add(c);
  add('/');
  for (unsigned char c : who) add(c);
  return Random(hash).Next();
}

// Of "kind/who/n"; `who` may hold anything.
struct ParsedId {
  std::string_view kind;
  std::string_view who;
  uint64_t n = 0;
};
ParsedId Parse(std::string_view id) {
  size_t first = id.find('/');
  size_t last = id.rfind('/');
  if (first == std::string_view::npos || first == last) return {};
  return {id.substr(0, first), id.substr(first + 1, last - first - 1), std::strtoull(std::string(id.substr(last + 1)).c_str(), nullptr, 10)};
}

}  // namespace

std::string_view FaultName(FaultKind kind) { return kNames[static_cast<size_t>(kind)]; }

std::optional<FaultKind> FaultOfName(std::string_view name) {
  auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<FaultKind>(found - kNames.begin());
}

FaultPlan::FaultPlan(Options options, std::function<absl::Duration()> now) : options_(std::move(options)), now_(std::move(now)) {
  for (size_t kind = 0; kind < kNumFaultKinds; ++kind) may_happen_[kind] = !options_.only && options_.chances[kind] > 0;
  for (const std::string& id : options_.only ? *options_.only : options_.sure) {
    std::optional<FaultKind> kind = FaultOfName(Parse(id).kind);
    Check(kind.has_value(), Cat("fault ", id, ": a fault is named kind/who/n"));
    may_happen_[static_cast<size_t>(*kind)] = true;
  }
}

void FaultPlan::SetChance(FaultKind kind, double chance) {
  if (options_.only) return;
  options_.chance(kind) = chance;
  for (auto& [who, chances] : chances_[static_cast<size_t>(kind)]) chances.chance = chance;
  may_happen_[static_cast<size_t>(kind)] |= chance > 0;
}

FaultPlan::Chances* FaultPlan::At(FaultKind kind, std::string_view who) {
  auto& of_kind = chances_[static_cast<size_t>(kind)];
  if (auto found = of_kind.find(who); found != of_kind.end()) return &found->second;
  Chances& made = of_kind[std::string(who)];
  made.kind = kind;
  made.who = who;
  made.stream = HashOf(options_.seed, FaultName(kind), who);
  made.chance = options_.chances[static_cast<size_t>(kind)];
  auto numbers = [&](const std::set<std::string>& ids, std::set<uint64_t>& to) {
    for (const std::string& id : ids) {
      ParsedId parsed = Parse(id);
      if (parsed.kind == FaultName(kind) && parsed.who == who) to.insert(parsed.n);
    }
  };
  numbers(options_.only ? *options_.only : options_.sure, made.only);
  numbers(options_.dropped, made.dropped);
  return &made;
}

Fault* FaultPlan::Decide(Chances* at) {
  uint64_t n = ++at->count;
  bool drawn = !options_.only && Random(at->stream + n).Chance(at->chance);
  if (!drawn && !at->only.contains(n)) return nullptr;
  if (at->dropped.contains(n)) return nullptr;
  absl::Duration now = now_();
  taken_.push_back({Cat(FaultName(at->kind), "/", at->who, "/", n), at->kind, now, now, Random(~(at->stream + n))});
  if (on_taken_) on_taken_(taken_.back());
  return &taken_.back();
}

void FaultPlan::Stop() {
  stopped_ = true;
  for (Fault& fault : taken_) fault.until = std::min(fault.until, now_());
}

Random FaultPlan::RandomFor(std::string_view what, uint64_t n) const { return Random(HashOf(options_.seed, what, "") + n); }

}  // namespace millrace::sim
