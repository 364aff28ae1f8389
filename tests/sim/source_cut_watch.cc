#include "tests/sim/source_cut_watch.h"

#include <map>
#include <set>

#include "tests/sim/promises.h"

namespace millrace::sim {

std::string SourceCutWatch::OnCompleted(const storage::v1::PipelineRecord& record, const storage::v1::Manifest& manifest) {
  std::set<std::pair<std::string, std::string>> seen;
  std::map<std::pair<std::string, std::string>, int64_t> starts;
  for (const auto& source : record.start_positions()) {
    for (const auto& split : source.splits()) starts[{source.uid(), split.id()}] = split.position();
  }
  for (const auto& source : manifest.sources()) {
    for (const auto& split : source.splits()) {
      const std::string where = Cat("split ", split.id(), " in epoch ", manifest.epoch());
      std::pair key(source.uid(), split.id());
      if (!seen.insert(key).second) return Broken(Promise::kSourceCut, where, " is there twice");
      auto start = starts.find(key);
      auto [at, is_new] = positions_.try_emplace(key, start == starts.end() ? split.position() : start->second);
      if (split.position() < at->second) {
        return Broken(Promise::kSourceCut, where, " is at ", split.position(), ", and was at ", at->second);
      }
      if (split.end_position() >= 0 && split.position() > split.end_position()) {
        return Broken(Promise::kSourceCut, where, " is at ", split.position(), " and ends at ", split.end_position());
      }
      bool at_end = split.end_position() >= 0 && split.position() == split.end_position();
      if (split.finished() != at_end) {
        return Broken(Promise::kSourceCut, where, " is at ", split.position(), " of ", split.end_position(), " and is ",
                      split.finished() ? "finished" : "not finished");
      }
      at->second = split.position();
    }
  }
  for (const auto& [key, position] : positions_) {
    if (!seen.contains(key)) {
      return Broken(Promise::kSourceCut, "split ", key.second, " is not in epoch ", manifest.epoch(), ", and was at ", position);
    }
  }
  // One that was found while the epoch was under way is in the next.
  positions_.insert(starts.begin(), starts.end());
  return "";
}

}  // namespace millrace::sim
