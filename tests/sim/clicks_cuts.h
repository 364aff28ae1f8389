#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "connectors/generator/generator_options.h"
#include "tests/sim/clicks_workload.h"
#include "tests/sim/cut_oracle.h"
#include "tests/sim/sim_storage.h"

namespace millrace::sim {

// What a complete epoch of the clicks pipeline must hold, to the row: every row before its positions is a dead letter
// or a late row that was staged up to it, or is counted, in a window that was staged or in one that the state holds,
// and nothing else is there. As each epoch is one commit (I3), a reader of the tables never sees anything but such a
// cut. Shares no code with operators, state and sinks.
class ClicksCuts final : public CutOracle {
 public:
  ClicksCuts(const ClicksSettings& clicks, Storage* storage);
  std::string OnCompleted(const storage::v1::Manifest& manifest) override;

 private:
  struct Count {
    int64_t n = 0;
    int64_t total = 0;
    int64_t newest = -1;
    bool operator==(const Count&) const = default;
    std::string ToString() const;
  };
  using Window = std::pair<std::string, int64_t>;  // user, start
  struct Staged {                                  // what the sinks staged since the epoch before
    std::map<int64_t, int64_t> late;               // watermark by event_id
    std::set<std::pair<int32_t, int64_t>> dead;    // split, position
    std::vector<std::pair<Window, Count>> fired;
  };
  // Each answers: empty, or the promise that was broken.
  std::string ReadStaged(const storage::v1::Manifest& manifest, Staged& staged);
  std::string CountRows(const storage::v1::Manifest& manifest, Staged& staged);
  std::string CheckFired(const storage::v1::Manifest& manifest, const Staged& staged);
  std::string CheckState(const storage::v1::Manifest& manifest);

  Storage* const storage_;
  const GeneratorOptions generator_;
  std::map<int64_t, int64_t> positions_;  // by split
  std::map<int64_t, int64_t> newest_;     // event time by split
  std::map<Window, Count> open_;
  std::set<Window> fired_;
};

}  // namespace millrace::sim
