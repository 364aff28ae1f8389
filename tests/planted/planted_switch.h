#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

// Switches one planted bug on (base/planted_bug.h), in this process, for as long as it lives. Without a name: none.
//
// Thread:  the test's, while nothing else runs. One at a time.
class PlantedSwitch {
 public:
  explicit PlantedSwitch(std::string_view name);
  ~PlantedSwitch();
  PlantedSwitch(const PlantedSwitch&) = delete;
  PlantedSwitch& operator=(const PlantedSwitch&) = delete;
  // How often a plant of this name was asked: 0: no source has it, or none that ran.
  uint64_t num_asked() const;
};

// For plants in tests' own code.
bool IsPlantedBug(std::string_view name);

}  // namespace millrace
