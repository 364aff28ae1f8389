#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace {

// Functions of SQL that look into text, as Flink computes them. Positions count characters from 1; 0 is "not there".
//
// Thread: any.

// Position of `sought` from character `from` on; 1 if `sought` is empty.
int32_t Locate(std::string_view sought, std::string_view text, int64_t from = 1);
// Position of the nth appearance from `from` on, which counts from the end if it is negative. Fails with
// InvalidArgument if nth is not positive.
absl::StatusOr<int32_t> InString(std::string_view text, std::string_view sought, int64_t from, int64_t nth);

// The part with that number, counted from 0, between separators; NULL if there is none. An empty separator is
// whitespace. "" has no parts.
std::optional<std::string_view> SplitIndex(std::string_view text, std::string_view separator, int64_t index);
// The same with a separator that is the Latin-1 character of a number from 1 to 255; NULL for another.
std::optional<std::string> SplitIndex(std::string_view text, int64_t separator, int64_t index);
// All parts; the UTF-16 units if the separator is empty. "" has none.
std::vector<std::string> Split(std::string_view text, std::string_view separator);

// How often the first byte of `character` stands in `text`.
int64_t CountFirstByte(std::string_view text, std::string_view character);

// What Unicode calls letters and decimal digits, and nothing else; false for "". As in Flink, characters above U+FFFF
// are neither.
bool IsAlphabetic(std::string_view text);
bool IsNumeric(std::string_view text);
// What Java reads as an int, a long or a double.
bool IsDecimalNumber(std::string_view text);

}  // namespace millrace
