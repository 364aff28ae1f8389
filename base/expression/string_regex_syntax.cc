#include "base/expression/string_regex_syntax.h"

#include <array>
#include <optional>
#include <utility>

#include "base/error.h"

namespace millrace {
namespace {

constexpr auto kNone = std::string_view::npos;
// Java's '.' stops at all of them, RE2's at the first only.
constexpr std::string_view kNoLineTerminator = R"([^\n\r\x{85}\x{2028}\x{2029}])";
constexpr std::string_view kHorizontal = R"( \t\x{a0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000})";
constexpr std::string_view kVertical = R"(\n\x0b\f\r\x{85}\x{2028}\x{2029})";
constexpr std::string_view kSpace = R"(\t\n\x0b\f\r )";

// Java's names of classes → RE2's, both for use in brackets.
constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kNamed = {{
    {"Lower", "[:lower:]"},
    {"Upper", "[:upper:]"},
    {"ASCII", "[:ascii:]"},
    {"Alpha", "[:alpha:]"},
    {"Digit", "[:digit:]"},
    {"Alnum", "[:alnum:]"},
    {"Punct", "[:punct:]"},
    {"Graph", "[:graph:]"},
    {"Print", "[:print:]"},
    {"Blank", "[:blank:]"},
    {"Cntrl", "[:cntrl:]"},
    {"XDigit", "[:xdigit:]"},
    {"Space", kSpace},
    {"IsAlphabetic", "\\p{L}\\p{Nl}"},
    {"IsLetter", "\\p{L}"},
    {"IsDigit", "\\p{Nd}"},
    {"IsPunctuation", "\\p{P}"},
}};

class Translator {
 public:
  explicit Translator(std::string_view regex) : whole_(regex), rest_(regex) {}

  absl::StatusOr<std::string> Run() {
    while (!rest_.empty() && !refused_) Step();
    if (refused_) {
      return InvalidArgument("the regular expression '", whole_, "' cannot be run: it uses ", *refused_);
    }
    return std::move(out_);
  }

 private:
  char Take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  bool TakeIf(std::string_view prefix) {
    if (!rest_.starts_with(prefix)) return false;
    rest_.remove_prefix(prefix.size());
    return true;
  }
  void Refuse(std::string_view what) { refused_ = std::string(what); }

  void Step() {
    if (TakeIf("\\Q")) return Quoted();
    if (TakeIf("\\")) return Escape();
    if (in_class_) return InClass();
    if (rest_.starts_with("(?")) return Group();
    const char c = Take();
    if (c == '[') {
      OpenClass();
    } else if (c == '.' && !dot_all_) {
      out_ += kNoLineTerminator;
    } else if (c == '$' && !multiline_) {
      out_ += "\\z";
    } else {
      out_ += c;
      const bool quantifier = c == '*' || c == '+' || c == '?' || c == '}';
      if (quantifier && rest_.starts_with('+')) Refuse("a possessive quantifier");
    }
  }

  void Quoted() {
    const size_t end = rest_.find("\\E");
    for (char c : rest_.substr(0, end)) {
      if (std::string_view(R"(\.+*?()|[]{}^$-&)").find(c) != kNone) out_ += '\\';
      out_ += c;
    }
    rest_.remove_prefix(end == kNone ? rest_.size() : end + 2);
  }

  void OpenClass() {
    in_class_ = true;
    out_ += '[';
    if (TakeIf("^")) out_ += '^';
    // Java takes it for a mistake to close a class at once, or for its first member.
    if (TakeIf("]")) out_ += "\\]";
  }

  void InClass() {
    const char c = Take();
    if (c == '[') return Refuse("a class in a class");
    if (c == '&' && rest_.starts_with('&')) return Refuse("an intersection of classes");
    out_ += c;
    if (c == ']') in_class_ = false;
  }

  void Group() {
    for (std::string_view ahead : {"(?=", "(?!", "(?<=", "(?<!"}) {
      if (rest_.starts_with(ahead)) return Refuse("looking ahead or behind");
    }
    if (rest_.starts_with("(?>")) return Refuse("an atomic group");
    if (TakeIf("(?<")) {
      out_ += "(?P<";
      return;
    }
    out_ += '(';
    out_ += '?';
    rest_.remove_prefix(2);
    const size_t end = rest_.find_first_of(":)");
    const std::string_view flags = rest_.substr(0, end);
    if (flags.find_first_not_of("ims-") != kNone) return Refuse("the flags (?" + std::string(flags) + ")");
    // RE2 knows the flags, and what they are for; where they end does not matter, for only '.' and '$' as they are
    // without flags need another spelling.
    if (flags.substr(0, flags.find('-')).find('s') != kNone) dot_all_ = EndsGroup(end) ? dot_all_ : true;
    if (flags.substr(0, flags.find('-')).find('m') != kNone) multiline_ = true;
    out_ += flags;
    rest_.remove_prefix(flags.size());
    if (rest_.starts_with(':') && flags == "s") return ScopedDotAll();
  }

  // Flags for a group of its own, "(?s:", hold in it only.
  bool EndsGroup(size_t end) const { return end != kNone && rest_[end] == ':'; }

  void ScopedDotAll() {
    // What SIMILAR TO makes of '%'.
    if (TakeIf(":.*)")) {
      out_ += ":.*)";
    } else {
      Refuse("a group with flags of its own; put them at the beginning");
    }
  }

  void Class(std::string_view members, bool negated) {
    if (in_class_ && negated) return Refuse("a negated class in a class");
    if (!in_class_) out_ += negated ? "[^" : "[";
    out_ += members;
    if (!in_class_) out_ += ']';
  }

  void Escape() {
    if (rest_.empty()) {
      out_ += '\\';
      return;
    }
    const char c = Take();
    switch (c) {
      case 's':
      case 'S':
        return Class(kSpace, c == 'S');
      case 'h':
      case 'H':
        return Class(kHorizontal, c == 'H');
      case 'v':
      case 'V':
        return Class(kVertical, c == 'V');
      case 'R':
        out_ += in_class_ ? "R" : R"((?:\r\n|[\n\x0b\f\r\x{85}\x{2028}\x{2029}]))";
        return;
      case 'e':
        out_ += "\\x1b";
        return;
      case 'u':
        if (rest_.size() >= 4) {
          out_ += Cat("\\x{", rest_.substr(0, 4), "}");
          rest_.remove_prefix(4);
          return;
        }
        break;
      case 'p':
      case 'P':
        return Property(c == 'P');
      case 'Z':
      case 'G':
      case 'X':
      case 'k':
        return Refuse(std::string("\\") + c);
      default:
        break;
    }
    if (c >= '1' && c <= '9' && !in_class_) return Refuse("a reference back");
    out_ += '\\';
    out_ += c;
  }

  void Property(bool negated) {
    const size_t end = rest_.find('}');
    if (rest_.starts_with('{') && end != kNone) {
      std::string_view name = rest_.substr(1, end - 1);
      for (const auto& [java, ours] : kNamed) {
        if (name != java) continue;
        rest_.remove_prefix(end + 1);
        return Class(ours, negated);
      }
      // Scripts: \p{IsGreek}, \p{script=Greek}.
      for (std::string_view prefix : {"Is", "script=", "sc=", "general_category=", "gc="}) {
        if (!name.starts_with(prefix)) continue;
        out_ += Cat(negated ? "\\P{" : "\\p{", name.substr(prefix.size()), "}");
        rest_.remove_prefix(end + 1);
        return;
      }
    }
    out_ += negated ? "\\P" : "\\p";
  }

  const std::string_view whole_;
  std::string_view rest_;
  std::string out_;
  std::optional<std::string> refused_;
  bool in_class_ = false;
  bool dot_all_ = false;
  bool multiline_ = false;
};

}  // namespace

absl::StatusOr<std::string> FromJavaRegex(std::string_view regex) { return Translator(regex).Run(); }

}  // namespace millrace
