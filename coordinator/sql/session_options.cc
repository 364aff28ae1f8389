#include "coordinator/sql/session_options.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "base/nearest_name.h"
#include "coordinator/sql/duration_text.h"
#include "coordinator/sql/report.h"

namespace millrace::sql {
namespace {

constexpr size_t kLongestName = 63;
constexpr uint32_t kMostSubtasks = 720;

// Takes a value into a session. "": it did; else what is wrong.
using Setter = std::function<std::string(const std::string& value, Session& session)>;

struct Known {
  std::string_view key;
  Setter set;
};

std::string NotA(const std::string& value, std::string_view what) { return Cat("'", value, "' is not ", what); }

Setter Duration(int64_t Session::* member, bool zero_allowed) {
  return [=](const std::string& value, Session& session) -> std::string {
    std::optional<int64_t> ms = ParseDurationMs(value);
    if (!ms) return NotA(value, "a duration such as '10 s' or '5 min'");
    if (*ms == 0 && !zero_allowed) return NotA(value, "a duration of 1 ms or more");
    session.*member = *ms;
    return "";
  };
}

Setter Count(uint32_t Session::* member, uint32_t least, uint32_t most) {
  return [=](const std::string& value, Session& session) -> std::string {
    uint32_t number = 0;
    if (!absl::SimpleAtoi(value, &number) || number < least || number > most) {
      return NotA(value, Cat("a whole number from ", least, " to ", most));
    }
    session.*member = number;
    return "";
  };
}

std::string SetZone(const std::string& value, Session& session) {
  absl::TimeZone zone;
  if (absl::EqualsIgnoreCase(value, "default")) {
    session.time_zone = "UTC";
    return "";
  }
  if (value.empty() || !absl::LoadTimeZone(value, &zone)) {
    return NotA(value, "the name of a time zone such as 'Europe/Berlin', 'UTC', or 'Etc/GMT-8' for 8 hours east");
  }
  session.time_zone = value;
  return "";
}

std::string SetName(const std::string& value, Session& session) {
  if (PipelineNameFrom(value) != value) {
    return Cat("'", value, "' is no name of a pipeline, which is a lower-case letter and up to 62 of a-z 0-9 _ -",
               "; use '", PipelineNameFrom(value), "'");
  }
  session.pipeline_name = value;
  return "";
}

std::string RefuseOldCasts(const std::string& value, Session&) {
  if (absl::EqualsIgnoreCase(value, "DISABLED") || absl::EqualsIgnoreCase(value, "false")) return "";
  return "casts work as Flink's do today; use TRY_CAST where a failure should be NULL";
}

const std::vector<Known>& KnownOptions() {
  static const auto& known = *new std::vector<Known>{
      {"table.local-time-zone", SetZone},
      {"pipeline.name", SetName},
      {"execution.checkpointing.interval", Duration(&Session::checkpoint_interval_ms, false)},
      {"execution.checkpointing.timeout", Duration(&Session::checkpoint_timeout_ms, false)},
      {"execution.checkpointing.tolerable-failed-checkpoints",
       Count(&Session::tolerable_failed_checkpoints, 1, std::numeric_limits<uint32_t>::max())},
      {"execution.checkpointing.num-retained", Count(&Session::retained_checkpoints, 1, 1000)},
      {"state.checkpoints.num-retained", Count(&Session::retained_checkpoints, 1, 1000)},
      {"parallelism.default", Count(&Session::parallelism, 1, kMostSubtasks)},
      {"table.exec.resource.default-parallelism", Count(&Session::parallelism, 1, kMostSubtasks)},
      {"table.exec.source.idle-timeout", Duration(&Session::idle_timeout_ms, true)},
      {"table.exec.legacy-cast-behaviour", RefuseOldCasts}};
  return known;
}

// Flink's options that scripts often set, and why they change nothing here.
struct Meaningless {
  std::string_view key;  // ends in '*': any key that begins so
  std::string_view why;
};

constexpr std::string_view kClient = "it is about Flink's client";
constexpr std::string_view kCluster = "it is about Flink's cluster";
constexpr std::string_view kOptimizer = "it is about Flink's optimizer";
constexpr std::string_view kBatches = "rows are always processed in batches";
constexpr std::string_view kExact = "results are always exactly once";
constexpr std::string_view kState = "where state and checkpoints lie is set with the flags of coordinator and worker";
constexpr Meaningless kMeaningless[] = {
    {"sql-client.*", kClient},
    {"execution.runtime-mode", "a pipeline over bounded input ends by itself"},
    {"execution.target", kCluster},
    {"execution.attached", kClient},
    {"execution.checkpointing.mode", kExact},
    {"execution.checkpointing.min-pause", "a checkpoint begins only when the last one has ended"},
    {"execution.checkpointing.max-concurrent-checkpoints", "checkpoints follow each other"},
    {"execution.checkpointing.unaligned", "checkpoints are always aligned"},
    {"execution.checkpointing.unaligned.enabled", "checkpoints are always aligned"},
    {"execution.checkpointing.externalized-checkpoint-retention", "checkpoints are kept when a pipeline stops"},
    {"execution.checkpointing.dir", kState},
    {"execution.checkpointing.savepoint-dir", kState},
    {"execution.checkpointing.storage", kState},
    {"execution.checkpointing.incremental", "checkpoints are always incremental"},
    {"execution.state-recovery.path", "`millrace start --from-checkpoint` goes back to an older checkpoint"},
    {"execution.savepoint.path", "`millrace start --from-checkpoint` goes back to an older checkpoint"},
    {"state.backend", kState},
    {"state.backend.*", kState},
    {"state.checkpoints.dir", kState},
    {"state.savepoints.dir", kState},
    {"state.checkpoint-storage", kState},
    {"restart-strategy", "a pipeline that fails restarts by itself, at most 20 times a minute"},
    {"restart-strategy.*", "a pipeline that fails restarts by itself, at most 20 times a minute"},
    {"pipeline.max-parallelism", "it is always 720"},
    {"pipeline.object-reuse", kBatches},
    {"pipeline.operator-chaining", "operators are always chained where they can be"},
    {"pipeline.operator-chaining.enabled", "operators are always chained where they can be"},
    {"pipeline.auto-watermark-interval", "watermarks are sent with every batch"},
    {"pipeline.jars", "programs cannot load code"},
    {"pipeline.classpaths", "programs cannot load code"},
    {"pipeline.generic-types", kCluster},
    {"taskmanager.*", kCluster},
    {"jobmanager.*", kCluster},
    {"rest.*", kCluster},
    {"cluster.*", kCluster},
    {"kubernetes.*", kCluster},
    {"yarn.*", kCluster},
    {"high-availability.*", kCluster},
    {"metrics.*", "metrics are served by every process"},
    {"table.optimizer.*", kOptimizer},
    {"table.plan.*", kOptimizer},
    {"table.planner", kOptimizer},
    {"table.sql-dialect", "there is one dialect, Flink's"},
    {"table.dml-sync", "`millrace run` follows a pipeline; --detach does not"},
    {"table.dynamic-table-options.enabled", "hints OPTIONS always count"},
    {"table.generated-code.max-length", kOptimizer},
    {"table.display.max-column-width", kClient},
    {"table.exec.mini-batch.*", kBatches},
    {"table.exec.state.ttl", "no operator of this version keeps state without end"},
    {"table.exec.sink.not-null-enforcer", "a NULL in a NOT NULL column fails the pipeline"},
    {"table.exec.sink.type-length-enforcer", "lengths are not enforced"},
    {"table.exec.sink.upsert-materialize", "sinks are append-only"},
    {"table.exec.sink.keyed-shuffle", "sinks are append-only"},
    {"table.exec.sort.*", kOptimizer},
    {"table.exec.window-agg.buffer-size-limit", kOptimizer},
    {"table.exec.spill-compression.*", kOptimizer},
    {"table.exec.disabled-operators", kOptimizer},
    {"table.exec.shuffle-mode", kOptimizer},
    {"table.exec.uid.*", "operators are known by the names of their tables; the hint UID names one"},
    {"table.exec.async-lookup.*", "there are no lookup joins"},
    {"table.exec.deduplicate.*", "sources are append-only"},
    {"table.exec.source.cdc-events-duplicate", "sources are append-only"},
    {"table.exec.rank.*", kOptimizer}};

const Known* FindKnown(std::string_view key) {
  for (const Known& known : KnownOptions()) {
    if (known.key == key) return &known;
  }
  return nullptr;
}

const Meaningless* FindMeaningless(std::string_view key) {
  for (const Meaningless& one : kMeaningless) {
    const bool prefix = one.key.ends_with('*');
    if (prefix ? key.starts_with(one.key.substr(0, one.key.size() - 1)) : key == one.key) return &one;
  }
  return nullptr;
}

std::string UnknownOption(const std::string& key) {
  std::vector<std::string> names;
  for (const Known& known : KnownOptions()) names.emplace_back(known.key);
  const std::string advice = NameAdvice(key, names);
  return Cat("there is no option '", key, "'", advice);
}

}  // namespace

void SetSessionOption(const Option& option, Session& session, std::vector<Diagnostic>& diagnostics,
                      std::vector<Diagnostic>& notes) {
  if (const Known* known = FindKnown(option.key)) {
    const std::string wrong = known->set(option.value, session);
    if (!wrong.empty()) {
      ReportWrong(diagnostics, option.value_range, "option '", option.key, "': ", wrong);
      return;
    }
  } else if (const Meaningless* one = FindMeaningless(option.key)) {
    ReportWrong(notes, option.range, "option '", option.key, "' changes nothing: ", one->why);
  } else {
    ReportWrong(diagnostics, option.key_range, UnknownOption(option.key));
    return;
  }
  session.options[option.key] = option.value;
}

void ResetSessionOption(const std::string& key, const SourceRange& range, Session& session,
                        std::vector<Diagnostic>& diagnostics) {
  if (FindKnown(key) == nullptr && FindMeaningless(key) == nullptr) {
    ReportWrong(diagnostics, range, UnknownOption(key));
    return;
  }
  Session fresh;
  std::vector<Diagnostic> ignored;
  session.options.erase(key);
  for (const auto& [left, value] : session.options) {
    SetSessionOption({{}, {}, {}, left, value}, fresh, ignored, ignored);
  }
  session = std::move(fresh);
}

std::string PipelineNameFrom(std::string_view text) {
  std::string name;
  for (char c : text) {
    const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
    const bool plain = absl::ascii_islower(static_cast<unsigned char>(lower)) || lower == '_' || lower == '-' ||
                       absl::ascii_isdigit(static_cast<unsigned char>(lower));
    if (plain) {
      name += lower;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  const size_t letter = name.find_first_of("abcdefghijklmnopqrstuvwxyz");
  if (letter == name.npos) return "pipeline";
  name = name.substr(letter, kLongestName);
  while (name.ends_with('-') && text.back() != '-') name.pop_back();
  return name;
}

}  // namespace millrace::sql
