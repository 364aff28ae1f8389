#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace {

// A compiled pattern of LIKE: '%' is any text, '_' any character but a line terminator, as in Flink.
//
// Thread: immutable; any.
class LikePattern {
 public:
  // `escape` is "" for none, else one character, which takes the meaning from a '%', '_' or itself behind it. Fails
  // with InvalidArgument: another escape, or one before something else.
  static absl::StatusOr<LikePattern> Compile(std::string_view pattern, std::string_view escape = "");

  bool Matches(std::string_view text) const;

 private:
  // Literal text and '_', between two '%'.
  struct Piece {
    // Characters of '_' are kAny bytes.
    std::string bytes;
    bool literal = true;
  };

  static bool MatchesAt(const Piece& piece, std::string_view text, size_t* length);
  // Where the piece is found first, and how long it is there.
  static size_t Find(const Piece& piece, std::string_view text, size_t* length);
  static bool MatchesEnd(const Piece& piece, std::string_view text);

  std::vector<Piece> pieces_;
};

// The regular expression, in Java's syntax, that matches what the pattern of SIMILAR TO does.
absl::StatusOr<std::string> SimilarToRegex(std::string_view pattern, std::string_view escape = "");

}  // namespace millrace
