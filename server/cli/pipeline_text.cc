#include "server/cli/pipeline_text.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/byte_size.h"
#include "base/error.h"
#include "base/event_time.h"

namespace millrace {
namespace {

std::string Lag(const v1::Progress& progress) { return progress.lag_records() < 0 ? "?" : WithCommas(progress.lag_records()); }

// How far the watermark is behind the wall clock: the time by which results are held back.
std::string WatermarkDelay(const v1::Progress& progress, absl::Time now) {
  if (!progress.has_watermark_ms()) return "none";
  if (progress.watermark_ms() == kFinalWatermark / kMicrosPerMilli) return "over";
  const absl::Duration delay = now - absl::FromUnixMillis(progress.watermark_ms());
  // Old data is read at its own time: nobody wants to see seconds then.
  if (delay >= absl::Hours(48)) return Cat(delay / absl::Hours(24), "d");
  if (delay >= absl::Minutes(100)) return Cat(delay / absl::Hours(1), "h");
  if (delay >= absl::Seconds(100)) return Cat(delay / absl::Minutes(1), "m");
  return absl::StrFormat("%.1fs", absl::ToDoubleSeconds(delay));
}

std::string Rate(const v1::Progress& progress) {
  return WithCommas(static_cast<uint64_t>(std::max(0.0, progress.records_per_second()) + 0.5)) + "/s";
}

absl::Time TimeOf(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

std::string Age(const google::protobuf::Timestamp& since, absl::Time now) {
  if (since.seconds() == 0) return "?";
  return absl::FormatDuration(absl::Trunc(std::max(absl::ZeroDuration(), now - TimeOf(since)), absl::Seconds(1)));
}

}  // namespace

std::string StateName(v1::PipelineState state) {
  constexpr size_t kPrefix = sizeof("PIPELINE_STATE_") - 1;
  std::string name = v1::PipelineState_Name(state);
  return name.size() > kPrefix ? name.substr(kPrefix) : Cat("STATE_", static_cast<int>(state));
}

bool IsAtRest(v1::PipelineState state) {
  switch (state) {
    case v1::PIPELINE_STATE_CREATED:
    case v1::PIPELINE_STATE_STOPPED:
    case v1::PIPELINE_STATE_FAILED:
    case v1::PIPELINE_STATE_FINISHED:
    case v1::PIPELINE_STATE_CANCELLED:
      return true;
    default:
      return false;
  }
}

std::string WithCommas(uint64_t number) {
  std::string digits = std::to_string(number);
  std::string grouped;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) grouped += ',';
    grouped += digits[i];
  }
  return grouped;
}

std::string PipelineTable(const std::vector<v1::Pipeline>& pipelines, absl::Time now) {
  std::vector<std::vector<std::string>> rows = {
      {"NAME", "STATE", "FOR", "PARALLELISM", "RATE", "LAG", "WATERMARK", "LATE", "DEAD", "RESTARTS", "COMMITTED"}};
  for (const auto& pipeline : pipelines) {
    const auto& progress = pipeline.progress();
    rows.push_back({pipeline.name(), StateName(pipeline.state()), Age(pipeline.state_time(), now), Cat(pipeline.parallelism()),
                    Rate(progress), Lag(progress), WatermarkDelay(progress, now), WithCommas(progress.late_records()),
                    WithCommas(progress.dead_letters()), Cat(pipeline.restarts()), Cat("#", pipeline.last_committed_epoch())});
  }
  std::vector<size_t> widths(rows[0].size());
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string table;
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      table += row[i];
      if (i + 1 < row.size()) table.append(widths[i] - row[i].size() + 2, ' ');
    }
    table += '\n';
  }
  return table;
}

std::string PipelineDescription(const v1::Pipeline& pipeline, absl::Time now) {
  const auto& progress = pipeline.progress();
  std::string text;
  auto line = [&text](std::string_view name, const std::string& value) {
    text += Cat(name, ":");
    text.append(name.size() < 19 ? 19 - name.size() : 1, ' ');
    text += value + "\n";
  };
  line("name", pipeline.name());
  line("state", Cat(StateName(pipeline.state()), " for ", Age(pipeline.state_time(), now)));
  if (!pipeline.reason().empty()) line("reason", pipeline.reason());
  line("lineage", pipeline.lineage());
  line("parallelism", Cat(pipeline.parallelism()));
  line("generation", Cat(pipeline.generation()));
  line("restarts", Cat(pipeline.restarts()));
  line("completed epoch", Cat("#", pipeline.last_completed_epoch()));
  line("committed epoch", Cat("#", pipeline.last_committed_epoch()));
  std::string retained;
  for (uint64_t epoch : pipeline.retained_checkpoints()) retained += Cat(retained.empty() ? "#" : " #", epoch);
  line("retained", retained.empty() ? "none" : retained);
  if (pipeline.has_rewind()) {
    line("rewind", Cat("to #", pipeline.rewind().to_epoch(), ", under way: every start goes on with it",
                       pipeline.rewind().cause().empty() ? "" : "; ", pipeline.rewind().cause()));
  }
  if (pipeline.has_last_rewind()) {
    const v1::Rewind& last = pipeline.last_rewind();
    line("last rewind", Cat("to #", last.to_epoch(), ", epochs up to ", last.fence_epoch(), " are abandoned",
                            last.cause().empty() ? "" : "; ", last.cause()));
    for (const std::string& ahead : last.ahead()) line("  there twice", ahead);
  }
  line("last checkpoint", absl::StrFormat("%.1fs, %s of state", progress.checkpoint_seconds(), FormatByteSize(progress.checkpoint_bytes())));
  line("records in", Cat(WithCommas(progress.records_in()), " (", Rate(progress), ")"));
  line("records committed", WithCommas(progress.records_committed()));
  line("late records", WithCommas(progress.late_records()));
  line("dead letters", WithCommas(progress.dead_letters()));
  line("lag", Cat(Lag(progress), " records"));
  line("watermark delay", WatermarkDelay(progress, now));
  line("shuffled", FormatByteSize(progress.shuffle_bytes()));
  text += "operators:\n";
  for (const auto& node : pipeline.plan().nodes()) {
    const auto* kind = v1::Node::descriptor()->FindFieldByNumber(node.kind_case());
    text += Cat("  ", node.uid(), "  ", kind == nullptr ? std::string("?") : kind->name());
    if (node.has_source()) text += " " + node.source().connector();
    if (node.has_sink()) text += " " + node.sink().connector();
    for (const auto& input : node.inputs()) text += Cat("  <- ", input.from(), input.output().empty() ? "" : ".", input.output());
    text += '\n';
  }
  return text;
}

std::string LiveLine(const v1::Pipeline& pipeline, absl::Time now, size_t width) {
  const auto& progress = pipeline.progress();
  auto line = [&](std::string_view delay, std::string_view dead, std::string_view checkpoint) {
    std::string text = Cat(StateName(pipeline.state()), "  ", Rate(progress), "  lag ", Lag(progress), "  ", delay, " ",
                           WatermarkDelay(progress, now), "  late ", WithCommas(progress.late_records()), "  ", dead, " ",
                           WithCommas(progress.dead_letters()));
    if (pipeline.last_completed_epoch() > 0) text += Cat("  ", checkpoint, " #", pipeline.last_completed_epoch());
    return text;
  };
  std::string text = line("watermark delay", "dead letters", "checkpoint");
  if (width > 0 && text.size() > width) return line("delay", "dead", "ckpt");
  if (pipeline.last_completed_epoch() > 0) {
    std::string details = absl::StrFormat(" %.1fs %s", progress.checkpoint_seconds(), FormatByteSize(progress.checkpoint_bytes()));
    if (width == 0 || text.size() + details.size() <= width) text += details;
  }
  return text;
}

}  // namespace millrace
