#include "tests/sim/fencing_watch.h"

#include "tests/sim/promises.h"

namespace millrace::sim {

std::string FencingWatch::OnRecord(const storage::v1::PipelineRecord& before, const storage::v1::PipelineRecord& after) const {
  if (after.term() < before.term()) {
    return Broken(Promise::kFencing, "term ", after.term(), " wrote the record after term ", before.term());
  }
  if (after.generation() < before.generation()) {
    return Broken(Promise::kFencing, "the record goes back from generation ", before.generation(), " to ", after.generation());
  }
  return "";
}

std::string FencingWatch::OnCompleted(const storage::v1::PipelineRecord& before, const storage::v1::Manifest& manifest) const {
  if (manifest.generation() >= before.generation()) return "";
  return Broken(Promise::kFencing, "epoch ", manifest.epoch(), " of generation ", manifest.generation(),
                " was completed when generation ", before.generation(), " had begun");
}

std::string FencingWatch::OnDelete(std::string_view process, std::string_view name, uint64_t term, bool is_fenced_off) const {
  if (!is_fenced_off) return "";
  return Broken(Promise::kFencing, process, " deletes ", name, " though term ", term, " leads");
}

}  // namespace millrace::sim
