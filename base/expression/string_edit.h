#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace millrace {

// Functions of SQL that cut and build text, as Flink computes them. Nothing is NULL. Views point into the argument.
//
// Thread: any.
// Fails:  InvalidArgument: a result of more than kMaxBuiltText bytes.
inline constexpr size_t kMaxBuiltText = size_t{64} << 20;

// Characters from number `from`, counted from 1; from the end if it is negative; 0 is 1. A negative length is NULL.
std::optional<std::string_view> Substring(std::string_view text, int64_t from, std::optional<int64_t> length = {});
std::string_view Left(std::string_view text, int64_t length);
std::string_view Right(std::string_view text, int64_t length);

// Without the characters of a set at the ends.
std::string_view TrimLeft(std::string_view text, std::string_view characters = " ");
std::string_view TrimRight(std::string_view text, std::string_view characters = " ");
std::string_view TrimBoth(std::string_view text, std::string_view characters = " ");

// Exactly `length` UTF-16 units, cut off or filled with `pad`; NULL if the length is negative or `pad` is empty.
absl::StatusOr<std::optional<std::string>> PadLeft(std::string_view text, int64_t length, std::string_view pad);
absl::StatusOr<std::optional<std::string>> PadRight(std::string_view text, int64_t length, std::string_view pad);
absl::StatusOr<std::string> Repeat(std::string_view text, int64_t times);

std::string ReverseCharacters(std::string_view text);
// `length` UTF-16 units from number `from` on give way to the replacement; as many as it has unless `length` is given.
// The text itself if it has no unit `from`. As in Flink, without a length above 0 the rest is lost.
std::string Overlay(std::string_view text, std::string_view replacement, int64_t from,
                    std::optional<int64_t> length = {});
// An empty `from` is found around every UTF-16 unit.
std::string ReplaceAll(std::string_view text, std::string_view from, std::string_view to);
// Character i of `from` becomes character i of `to`, or nothing.
std::string TranslateCharacters(std::string_view text, std::string_view from, std::string_view to);

// By Unicode's full mappings, without a language: "ß" has the upper case "SS".
std::string UpperCase(std::string_view text);
std::string LowerCase(std::string_view text);
// Words of ASCII letters and digits begin with an upper case letter and go on in lower case.
std::string InitialCapitals(std::string_view text);

// The Latin-1 character with the low 8 bits as its number; "" for a negative one.
std::string CharacterOf(int64_t number);
// The first byte as a signed number; 0 for "".
int32_t FirstByte(std::string_view text);

}  // namespace millrace
