#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/expression/temporal_pattern.h"

namespace millrace {

// A pattern of java.text.SimpleDateFormat, in English, with the calendar that Java gives it: Julian before 1582-10-15.
//
// Letters: G y M L D d E u a H k K h m s S X Z and text in quotes; of Y, w, W, F and z each is refused by name.
//
// Thread: immutable; any.
class SimpleTimeFormat {
 public:
  // Fails with InvalidArgument that quotes the pattern.
  static absl::StatusOr<SimpleTimeFormat> Compile(std::string_view pattern);

  std::string Print(int64_t millis, absl::TimeZone zone) const;
  // Milliseconds of the instant; NULL if the text does not begin like the pattern. What follows is ignored, and numbers
  // out of range carry over: month 13 is January. What the pattern leaves out is 1970-01-01 00:00:00.
  std::optional<int64_t> Parse(std::string_view text, absl::TimeZone zone) const;
  // OK if Parse can be asked. Fails with InvalidArgument: years of two digits, whose century Java takes from the clock,
  // and letters that only print.
  absl::Status CheckParses() const;

 private:
  struct Fields;

  static bool ParsePart(const PatternPart& part, bool exact, std::string_view text, size_t* at, Fields* fields);

  std::string pattern_;
  std::vector<PatternPart> parts_;
};

}  // namespace millrace
