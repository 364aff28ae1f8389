#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace re2 {
class RE2;
}

namespace millrace {

// A regular expression in Java's syntax, run in time linear in the text.
//
// What cannot be run that way (references back, looking ahead or behind, possessive quantifiers, classes in classes) is
// refused by name. Different from Java: '$' is the end of the text only, not the place before a last line terminator
// too; \b knows ASCII words; (?i) knows more than ASCII letters.
//
// Thread: immutable; any.
class JavaRegex {
 public:
  ~JavaRegex();
  JavaRegex(JavaRegex&&) noexcept;
  JavaRegex& operator=(JavaRegex&&) noexcept;

  // Nothing if Java refuses the expression too. Fails with InvalidArgument: only Java could run it.
  static absl::StatusOr<std::optional<JavaRegex>> Compile(std::string_view regex);

  bool MatchesAll(std::string_view text) const;
  bool FoundIn(std::string_view text) const;
  // The group of the first match; NULL if there is none, or no such group.
  std::optional<std::string_view> Extract(std::string_view text, int64_t group) const;
  std::vector<std::optional<std::string>> ExtractAll(std::string_view text, int64_t group) const;
  int groups() const;
  // In RE2's syntax.
  const std::string& text() const;
  // All matches replaced by text that is taken as it is.
  std::string Replace(std::string_view text, std::string_view replacement) const;
  int32_t Count(std::string_view text) const;
  // Of the first match, in UTF-16 units from 1; 0: there is none.
  int32_t Position(std::string_view text) const;
  // Parts between matches, as Java's String.split; at most `limit` if it is positive. Without a limit, empty parts at
  // the end are left out.
  std::vector<std::string> Split(std::string_view text, size_t limit = 0) const;

 private:
  explicit JavaRegex(std::unique_ptr<re2::RE2> regex);

  // A match at `begin` with the length, in bytes. One that is empty may stand in the middle of a character that has two
  // UTF-16 units.
  struct Match {
    size_t begin = 0;
    size_t length = 0;
    bool inside = false;
  };
  // Calls `visit` for all matches from left to right until it returns false.
  template <typename Visit>
  void ForEachMatch(std::string_view text, Visit visit) const;

  std::unique_ptr<re2::RE2> regex_;
};

}  // namespace millrace
