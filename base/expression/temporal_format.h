#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace {

// A pattern of java.time.format.DateTimeFormatter, for local times, in English.
//
// Letters: G u y Y D M L d Q q w E e c a h K k H m s S A n N, text in quotes, optional parts in brackets. Those that
// print a zone are refused, for a local time has none; of F, W, B, g and p each by name.
//
// Thread: immutable; any.
class TimeFormat {
 public:
  // Fails with InvalidArgument that quotes the pattern.
  static absl::StatusOr<TimeFormat> Compile(std::string_view pattern);

  std::string Print(int64_t local_micros) const;
  // NULL if the text is not of this form, or names no time. What the pattern leaves out is 1970-01-01 00:00:00; a day
  // that its month does not have is its last one; 24:00 is the next day. Digits beyond microseconds are cut off.
  std::optional<int64_t> Parse(std::string_view text) const;

 private:
  struct Part {
    char letter = 0;
    int count = 0;
    std::string text;
    // How numbers are read.
    int min_width = 0;
    int max_width = 0;
    char sign = 0;  // 'n'ormal, 'e'xceeds pad, 0: none
    int reserved = 0;
    // Of '[': the number of the part that closes it.
    size_t end = 0;
  };
  struct Fields;

  // `first`: the number that leads a row of numbers, if one has just been added.
  absl::Status AddPart(char letter, int count, std::string text, size_t* first);
  size_t ParseParts(size_t from, size_t to, std::string_view text, size_t at, Fields* fields) const;
  static size_t ParseNumber(const Part& part, std::string_view text, size_t at, Fields* fields);
  static size_t ParseName(const Part& part, std::string_view text, size_t at, Fields* fields);

  std::vector<Part> parts_;
};

}  // namespace millrace
