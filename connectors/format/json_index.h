#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace simdjson::internal {
class dom_parser_implementation;
}

namespace millrace {

// Where the tokens of one JSON text are: brackets, colons, commas, and the first byte of every string, number and
// literal. simdjson's vectorised first stage finds them, and refuses bad UTF-8, control characters in strings and
// unclosed strings. Grammar is checked by Skip, token by token, so that every byte of a record is checked, also of
// values that nobody asked for.
//
// simdjson's On-Demand parser, the obvious alternative, does not look into what it skips.
//
// Owns:    the positions. Borrows the text until the next Load.
// Thread:  one at a time.
class JsonIndex {
 public:
  // Deeper nesting is refused.
  static constexpr int kMaxDepth = 64;
  // A larger text is refused: the positions of its tokens alone would take four times as much memory.
  static constexpr size_t kMaxBytes = 16 << 20;

  JsonIndex();
  ~JsonIndex();
  // Null, or what is wrong with the text.
  const char* Load(std::string_view text);

  uint32_t num_tokens() const { return num_tokens_; }
  // First byte of a token; '\0' behind the last.
  char Kind(uint32_t token) const { return token < num_tokens_ ? text_[positions_[token]] : '\0'; }
  // The token without trailing white space. A string has its quotes.
  std::string_view Token(uint32_t token) const;
  // What is between the quotes of a string, still escaped.
  std::string_view StringBody(uint32_t token) const {
    std::string_view quoted = Token(token);
    return quoted.substr(1, quoted.size() - 2);
  }
  // Whether any string of the text may hold an escape.
  bool has_escapes() const { return has_escapes_; }
  // Checks the whole value that begins at `token`, `depth` levels below the top, and returns the token behind it; 0 if
  // it is not JSON, with `error` set.
  uint32_t Skip(uint32_t token, int depth, const char** error) const;
  // The token behind a value that Skip has accepted.
  uint32_t Behind(uint32_t token) const;
  // The value's JSON text without white space between tokens.
  void AppendCompact(uint32_t token, std::string* out) const;

 private:
  // Room for a text of this size is kept for the next one.
  static constexpr size_t kKeptBytes = 1 << 20;

  const char* CheckScalar(uint32_t token) const;

  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage1_;
  size_t capacity_ = 0;
  std::string_view text_;
  const uint32_t* positions_ = nullptr;
  uint32_t num_tokens_ = 0;
  bool has_escapes_ = false;
};

// Whether this is a number by JSON's grammar.
bool IsJsonNumber(std::string_view text);
// Resolves the escapes of a string's body. False: one is malformed, or a surrogate stands alone. `out` may be null, to
// check only.
bool UnescapeJson(std::string_view body, std::string* out);

}  // namespace millrace
