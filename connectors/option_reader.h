#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/map.h"

namespace millrace {

// Takes an option's text. Returns what is wrong with it, or "".
using OptionReader = std::function<std::string(const std::string& text)>;
using OptionReaders = std::map<std::string, OptionReader>;

// Each stores what it has read, if nothing is wrong with it.
OptionReader IntegerOption(int64_t min, int64_t max, int64_t* value);
OptionReader RealOption(double min, double max, double* value);
OptionReader TextOption(std::string* value);
OptionReader BooleanOption(bool* value);
// "10 s", "5min", "100 ms", as Flink writes durations; a bare number counts milliseconds.
OptionReader DurationOption(int64_t* millis);
// It may be one text only.
OptionReader ConstantOption(std::string constant);
// Flink knows it, and here it is refused, with what to do instead.
OptionReader RefusedOption(std::string why);

// Gives every option to its reader, in the order of names. Adds a mistake for what is wrong, "datagen: option 'x': …",
// and for every option that has no reader, with the nearest name.
void ReadOptions(std::string_view connector, const google::protobuf::Map<std::string, std::string>& options,
                 const OptionReaders& readers, std::vector<std::string>* mistakes);

}  // namespace millrace
