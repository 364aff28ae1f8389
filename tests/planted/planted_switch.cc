#include "tests/planted/planted_switch.h"

namespace millrace {
namespace {

constexpr std::string_view kPrefix = "planted bug: ";

// A plant is asked from anywhere, so the switch is the process's.
struct State {
  std::string name;
  uint64_t num_asked = 0;
};
State& Switch() {
  static State& state = *new State();
  return state;
}

}  // namespace

// What MILLRACE_PLANTED calls.
bool IsPlanted(const char* name);
bool IsPlanted(const char* name) { return IsPlantedBug(std::string_view(name).substr(kPrefix.size())); }

bool IsPlantedBug(std::string_view name) {
  State& state = Switch();
  if (state.name.empty() || state.name != name) return false;
  ++state.num_asked;
  return true;
}

PlantedSwitch::PlantedSwitch(std::string_view name) { Switch() = {std::string(name), 0}; }
PlantedSwitch::~PlantedSwitch() { Switch() = {}; }
uint64_t PlantedSwitch::num_asked() const { return Switch().num_asked; }

}  // namespace millrace
