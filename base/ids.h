#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace millrace {

// A number that does not mix with other numbers: adding an Epoch to a Generation does not compile.
template <typename Tag>
class Number {
 public:
  constexpr Number() = default;
  explicit constexpr Number(uint64_t value) : value_(value) {}
  constexpr uint64_t value() const { return value_; }
  constexpr Number Next() const { return Number(value_ + 1); }
  auto operator<=>(const Number&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, Number n) {
    return H::combine(std::move(h), n.value_);
  }

 private:
  uint64_t value_ = 0;
};

// One checkpoint of one lineage. Issued once, never again, not even after an older checkpoint is restored. 0: none.
using Epoch = Number<struct EpochTag>;
// One deployment of a pipeline. Raised by conditional write; effects of an older one are refused. 0: none.
using Generation = Number<struct GenerationTag>;
// One leadership of a coordinator. 0: none.
using Term = Number<struct TermTag>;

// One parallel instance of one stage of a deployment.
struct SubtaskId {
  uint32_t stage = 0;
  uint32_t index = 0;
  auto operator<=>(const SubtaskId&) const = default;
  std::string ToString() const { return std::to_string(stage) + "." + std::to_string(index); }
  template <typename H>
  friend H AbslHashValue(H h, SubtaskId id) {
    return H::combine(std::move(h), id.stage, id.index);
  }
};

}  // namespace millrace
