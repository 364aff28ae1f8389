#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

namespace millrace {

// Checks of what a flag is given. Each answers with the value and what it must be instead.
CLI::Validator WholeNumber(int64_t min, int64_t max);
CLI::Validator SecondsToWait();
CLI::Validator ByteSize();
CLI::Validator OneOf(const std::string& first, const std::string& second);
CLI::Validator ReadableFile();
CLI::Validator HostAndPort();

}  // namespace millrace
