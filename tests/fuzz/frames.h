#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace millrace {

// Cuts an input into the messages of a stream: size u16 LE · bytes, again and again. The last one is what is left.
inline std::vector<std::string_view> CutIntoFrames(std::string_view input, size_t most) {
  std::vector<std::string_view> frames;
  while (input.size() >= 2 && frames.size() < most) {
    size_t size = static_cast<uint8_t>(input[0]) | static_cast<size_t>(static_cast<uint8_t>(input[1])) << 8;
    input.remove_prefix(2);
    frames.push_back(input.substr(0, size));
    input.remove_prefix(frames.back().size());
  }
  return frames;
}

}  // namespace millrace
