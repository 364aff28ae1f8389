// Patterns, and text as other text.
#include "absl/strings/escaping.h"
#include "tests/base/expression/reference/functions.h"
#include "tests/base/expression/reference/text.h"

namespace millrace::reference {
namespace {

// A character of a pattern: itself, any one, or any text.
struct Pattern {
  enum Kind { kCharacter, kOne, kAny } kind;
  char32_t character;
};

bool EndsLine(char32_t c) { return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029; }

// By whether a prefix of the pattern matches a prefix of the text, for all pairs of them.
bool Matches(const std::vector<Pattern>& pattern, const std::u32string& text) {
  std::vector<std::vector<bool>> matches(pattern.size() + 1, std::vector<bool>(text.size() + 1));
  matches[0][0] = true;
  for (size_t p = 1; p <= pattern.size(); ++p) {
    const Pattern& part = pattern[p - 1];
    for (size_t t = 0; t <= text.size(); ++t) {
      if (part.kind == Pattern::kAny) {
        matches[p][t] = matches[p - 1][t] || (t > 0 && matches[p][t - 1]);
      } else if (t > 0) {
        const bool fits = part.kind == Pattern::kOne ? !EndsLine(text[t - 1]) : text[t - 1] == part.character;
        matches[p][t] = matches[p - 1][t - 1] && fits;
      }
    }
  }
  return matches[pattern.size()][text.size()];
}

Result Like(const Call& call) {
  const std::u32string written = Characters(call[1].text());
  const std::u32string escape = call.size() == 3 ? Characters(call[2].text()) : U"";
  // Flink takes the constant '' for a pattern that everything follows.
  if (written.empty() && call.literal[1] && call.size() == 2) return true;
  if (escape.size() > 1) return Fails();
  std::vector<Pattern> pattern;
  for (size_t i = 0; i < written.size(); ++i) {
    if (!escape.empty() && written[i] == escape[0]) {
      if (++i == written.size()) return Fails();
      if (written[i] != U'%' && written[i] != U'_' && written[i] != escape[0]) return Fails();
      pattern.push_back({Pattern::kCharacter, written[i]});
    } else {
      pattern.push_back({written[i] == U'%'   ? Pattern::kAny
                         : written[i] == U'_' ? Pattern::kOne
                                              : Pattern::kCharacter,
                         written[i]});
    }
  }
  const std::u32string text = Characters(call[0].text());
  // The table of all pairs would take seconds.
  constexpr size_t kManyPairs = 1'000'000;
  if (pattern.size() * text.size() > kManyPairs) return Unknown();
  return Matches(pattern, text);
}

Result UrlEncode(const Call& call) {
  std::string encoded;
  for (const char c : call[0].text()) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || c == '.' || c == '-' || c == '*' || c == '_') {
      encoded += c;
    } else if (c == ' ') {
      encoded += '+';
    } else {
      encoded += '%';
      encoded += "0123456789ABCDEF"[byte / 16];
      encoded += "0123456789ABCDEF"[byte % 16];
    }
  }
  return encoded;
}

Result ToBase64(const Call& call) {
  constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::string& bytes = call[0].text();
  std::string encoded;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (size_t j = 0; j < 4; ++j) encoded += i + j <= bytes.size() ? kLetters[bits >> (18 - 6 * j) & 63] : '=';
  }
  return encoded;
}

}  // namespace

void AddTexts(FunctionTable& table) {
  table["like"] = {Like};
  table["url_encode"] = {UrlEncode};
  table["to_base64"] = {ToBase64};
}

}  // namespace millrace::reference
