#include "tests/sim/clicks_cuts.h"

#include <algorithm>
#include <cstring>

#include "base/event_time.h"
#include "connectors/generator/generator_source.h"
#include "millrace/storage/v1/delta_committable.pb.h"
#include "tests/sim/clicks_workload.h"
#include "tests/sim/table_reader.h"
#include "tests/sim/drowsy_generator.h"
#include "tests/sim/promises.h"
#include "tests/sim/state_watch.h"

namespace millrace::sim {
namespace {

constexpr int64_t kMilli = 1000;

int64_t SplitNumber(const std::string& id) { return std::stoll(id.substr(id.find('/') + 1)); }

}  // namespace

std::string ClicksCuts::Count::ToString() const { return Cat("n ", n, ", total ", total, ", newest ", newest); }

ClicksCuts::ClicksCuts(const ClicksSettings& clicks, Storage* storage)
    : storage_(storage), generator_(ClicksGenerator(clicks)) {}

std::string ClicksCuts::OnCompleted(const storage::v1::Manifest& manifest) {
  Staged staged;
  std::string broken = ReadStaged(manifest, staged);
  if (broken.empty()) broken = CountRows(manifest, staged);
  if (broken.empty()) broken = CheckFired(manifest, staged);
  if (broken.empty()) broken = CheckState(manifest);
  return broken;
}

std::string ClicksCuts::ReadStaged(const storage::v1::Manifest& manifest, Staged& staged) {
  for (const auto& sink : manifest.sinks()) {
    for (const auto& committable : sink.committables()) {
      storage::v1::DeltaCommittable files;
      files.ParseFromString(committable.bytes());
      for (const auto& file : files.files()) {
        const std::string where = Cat("epoch ", manifest.epoch(), ", file ", file.path());
        auto rows = ReadDataFile(*storage_->At("sim://" + sink.uid()), file.path());
        if (rows == nullptr) return Broken(Promise::kFiles, where, " cannot be read");
        for (int64_t i = 0; i < rows->num_rows(); ++i) {
          if (sink.uid() == "late") {
            int64_t id = ColumnOf<arrow::Int64Array>(*rows, "event_id")->Value(i);
            int64_t end = ColumnOf<arrow::TimestampArray>(*rows, "window_end")->Value(i);
            int64_t watermark = ColumnOf<arrow::TimestampArray>(*rows, "watermark")->Value(i);
            if (watermark < end - kMilli) {
              return Broken(Promise::kWatermarks, where, ": row ", id, " is late for the window that ends at ", end,
                            " at watermark ", watermark);
            }
            if (!staged.late.emplace(id, watermark).second) return Broken(Promise::kExactTable, where, ": late row twice: ", id);
          } else if (sink.uid() == "dead") {
            std::pair key(ColumnOf<arrow::Int32Array>(*rows, "partition")->Value(i),
                          ColumnOf<arrow::Int64Array>(*rows, "offset")->Value(i));
            if (!staged.dead.insert(key).second) {
              return Broken(Promise::kExactTable, where, ": dead letter twice: split ", key.first, ", position ", key.second);
            }
          } else {
            Window window(ColumnOf<arrow::StringArray>(*rows, "user_id")->GetString(i),
                          ColumnOf<arrow::TimestampArray>(*rows, "window_start")->Value(i));
            staged.fired.push_back({window,
                                    {ColumnOf<arrow::Int64Array>(*rows, "n")->Value(i), ColumnOf<arrow::Int64Array>(*rows, "total")->Value(i),
                                     ColumnOf<arrow::Int64Array>(*rows, "newest")->Value(i)}});
          }
        }
      }
    }
  }
  return "";
}

std::string ClicksCuts::CountRows(const storage::v1::Manifest& manifest, Staged& staged) {
  int64_t reached = kNoWatermark;
  for (const auto& state : manifest.operators()) {
    if (state.has_watermark_micros()) reached = std::max(reached, state.watermark_micros());
  }
  int64_t bearable = kFinalWatermark;
  for (const auto& source : manifest.sources()) {
    for (const auto& split : source.splits()) {
      const int64_t number = SplitNumber(split.id());
      const std::string where = Cat("epoch ", manifest.epoch(), ", split ", split.id());
      int64_t& newest = newest_.try_emplace(number, kNoWatermark).first->second;
      for (int64_t& position = positions_[number]; position < split.position(); ++position) {
        const GeneratedRow row = GenerateRow(generator_, number, position);
        if (row.bad) {
          if (staged.dead.erase({static_cast<int32_t>(number), position}) != 1) {
            return Broken(Promise::kSourceCut, where, ": no dead letter of position ", position, "; it stands at ", split.position());
          }
          continue;
        }
        newest = std::max(newest, row.event_time_micros);
        if (auto late = staged.late.find(row.event_id); late != staged.late.end()) {
          if (late->second > reached) {
            return Broken(Promise::kWatermarks, where, ": row ", row.event_id, " is late by watermark ", late->second,
                          ", and no subtask is beyond ", reached);
          }
          staged.late.erase(late);
          continue;
        }
        Window window(Cat("user-", row.user), row.event_time_micros - row.event_time_micros % kClicksWindowMicros);
        if (fired_.contains(window)) {
          return Broken(Promise::kWindows, where, ": row ", row.event_id, " of ", window.first, " came when the window of ",
                        window.second, " had fired, and is not among the late ones");
        }
        Count& count = open_[window];
        ++count.n;
        count.total += static_cast<int64_t>(row.amount);
        count.newest = std::max(count.newest, row.event_id);
      }
      int64_t watermark = newest == kNoWatermark ? kNoWatermark : newest - kClicksBoundMicros - kMilli;
      if (watermark != (split.has_watermark_micros() ? split.watermark_micros() : kNoWatermark)) {
        return Broken(Promise::kWatermarks, where, " has watermark ", split.watermark_micros(), ", its rows say ", watermark);
      }
      // The sleepy one holds nobody back while it is idle.
      if (!split.finished() && number != SleepySplit(generator_.seed)) bearable = std::min(bearable, watermark);
    }
  }
  if (reached > bearable && !manifest.final()) {
    return Broken(Promise::kWatermarks, "epoch ", manifest.epoch(), ": per_user has watermark ", reached, ", and a split is at ", bearable);
  }
  if (!staged.late.empty()) {
    return Broken(Promise::kSourceCut, "epoch ", manifest.epoch(), ": late row ", staged.late.begin()->first,
                  " was read behind the positions, or staged before");
  }
  if (!staged.dead.empty()) {
    return Broken(Promise::kSourceCut, "epoch ", manifest.epoch(), ": dead letter of split ", staged.dead.begin()->first,
                  ", position ", staged.dead.begin()->second, " was read behind the positions, or staged before");
  }
  return "";
}

std::string ClicksCuts::CheckFired(const storage::v1::Manifest& manifest, const Staged& staged) {
  for (const auto& [window, count] : staged.fired) {
    const std::string where = Cat("epoch ", manifest.epoch(), ", ", window.first, ", window of ", window.second);
    auto expected = open_.find(window);
    if (expected == open_.end()) {
      return Broken(Promise::kWindows, where, fired_.contains(window) ? " fired twice" : " fired without a row");
    }
    if (expected->second != count) {
      return Broken(Promise::kWindows, where, " fired with ", count.ToString(), "; its rows are ", expected->second.ToString());
    }
    open_.erase(expected);
    fired_.insert(window);
  }
  return "";
}

std::string ClicksCuts::CheckState(const storage::v1::Manifest& manifest) {
  std::map<Window, Count> held;
  ReadState state = ReadOperatorState(*storage_->At("sim://checkpoints"), manifest, "per_user");
  if (!state.broken.empty()) return state.broken;
  for (const StateRow& row : state.rows) {
    // Key bytes: 01, the text, 00 00. Packed aggregates: 01, rows; sum, rows; largest, present.
    int64_t words[5];
    if (row.key.size() < 3 || row.value.size() != 1 + sizeof(words)) {
      return Broken(Promise::kState, "epoch ", manifest.epoch(), ": a row of ", row.key.size(), " and ", row.value.size(), " bytes");
    }
    std::memcpy(words, row.value.data() + 1, sizeof(words));
    held[{row.key.substr(1, row.key.size() - 3), row.slice}] = {words[0], words[1], words[3]};
  }
  if (manifest.final() && !held.empty()) {
    return Broken(Promise::kWindows, "the last epoch, ", manifest.epoch(), ", has ", held.size(), " open windows");
  }
  if (held == open_) return "";
  for (const auto& [window, count] : open_) {
    auto found = held.find(window);
    if (found != held.end() && found->second == count) continue;
    return Broken(Promise::kSourceCut, "epoch ", manifest.epoch(), " at parallelism ", manifest.parallelism(), ": ", window.first,
                  ", window of ", window.second, ": the state has ", found == held.end() ? "nothing" : found->second.ToString(),
                  "; the rows before its positions are ", count.ToString());
  }
  auto extra = std::find_if(held.begin(), held.end(), [&](const auto& entry) { return !open_.contains(entry.first); });
  return Broken(Promise::kWindows, "epoch ", manifest.epoch(), ": the state holds ", extra->first.first, ", window of ",
                extra->first.second, ", which ", fired_.contains(extra->first) ? "has fired" : "has no row");
}

}  // namespace millrace::sim
