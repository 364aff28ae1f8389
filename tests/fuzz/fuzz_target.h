#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// What libFuzzer calls with bytes of its own making, and replay_main.cc with those of the corpus. Returns 0.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
// Before the first of them.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);

namespace millrace {

// Ends the process with `what` unless `holds`: an oracle within a target, for what must be true of any input.
void Require(bool holds, std::string_view what);

}  // namespace millrace
