// What is done with text, by its characters and units.
#include <algorithm>

#include "tests/base/expression/reference/functions.h"
#include "tests/base/expression/reference/text.h"

namespace millrace::reference {
namespace {

// A text that is too long for everybody: where it begins to fail is not Flink's business.
constexpr int64_t kMost = 1'000'000;

char AsciiUpper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
char AsciiLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool IsAscii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Of ASCII only: the rest is Unicode's.
template <char (*kMap)(char)>
Result MapCase(const Call& call) {
  std::string text = call[0].text();
  if (!IsAscii(text)) return Unknown();
  std::transform(text.begin(), text.end(), text.begin(), kMap);
  return text;
}

Result InitialCapitals(const Call& call) {
  std::string text = call[0].text();
  bool in_word = false;
  for (char& c : text) {
    c = in_word ? AsciiLower(c) : AsciiUpper(c);
    in_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }
  return text;
}

Result Concat(const Call& call) {
  std::string text;
  for (const Value& part : call.args) text += part.text();
  return text;
}

Result ConcatWithSeparator(const Call& call) {
  if (call[0].null()) return Null();
  std::string text;
  bool first = true;
  for (size_t i = 1; i < call.size(); ++i) {
    if (call[i].null()) continue;
    if (!first) text += call[0].text();
    text += call[i].text();
    first = false;
  }
  return text;
}

Result Substring(const Call& call) {
  const std::u32string text = Characters(call[0].text());
  const auto size = static_cast<int64_t>(text.size());
  const int64_t length = call.size() == 3 ? call[2].number() : kMost;
  if (length < 0) return Null();
  int64_t start = call[1].number();
  if (start > 0) --start;
  if (start < 0) {
    if (start < -size) return "";
    start += size;
  }
  if (start >= size) return "";
  return Utf8(text.substr(static_cast<size_t>(start), static_cast<size_t>(std::min(length, kMost))));
}

Result Left(const Call& call) {
  const std::u32string text = Characters(call[0].text());
  const int64_t length = std::clamp<int64_t>(call[1].number(), 0, static_cast<int64_t>(text.size()));
  return Utf8(text.substr(0, static_cast<size_t>(length)));
}

Result Right(const Call& call) {
  const std::u32string text = Characters(call[0].text());
  const int64_t length = std::clamp<int64_t>(call[1].number(), 0, static_cast<int64_t>(text.size()));
  return Utf8(text.substr(text.size() - static_cast<size_t>(length)));
}

Result Trim(const Call& call) {
  std::u32string text = Characters(call[0].text());
  const std::u32string set = call.size() == 2 ? Characters(call[1].text()) : U" ";
  auto goes = [&](char32_t character) { return set.find(character) != std::u32string::npos; };
  if (call.name != "rtrim") {
    size_t begin = 0;
    while (begin < text.size() && goes(text[begin])) ++begin;
    text.erase(0, begin);
  }
  if (call.name != "ltrim") {
    while (!text.empty() && goes(text.back())) text.pop_back();
  }
  return Utf8(text);
}

Result Pad(const Call& call) {
  const std::u16string pad = Units(call[2].text());
  std::u16string text = Units(call[0].text());
  const int64_t length = call[1].number();
  if (length < 0 || pad.empty()) return Null();
  if (length > kMost) return Unknown();
  const auto wanted = static_cast<size_t>(length);
  if (text.size() >= wanted) return FromUnits(text.substr(0, wanted));
  std::u16string filled;
  for (size_t i = 0; filled.size() + text.size() < wanted; ++i) filled += pad[i % pad.size()];
  return FromUnits(call.name == "lpad" ? filled + text : text + filled);
}

Result Repeat(const Call& call) {
  const int64_t times = call[1].number();
  if (times <= 0 || call[0].text().empty()) return "";
  if (times > kMost / static_cast<int64_t>(call[0].text().size())) return Unknown();
  std::string text;
  for (int64_t i = 0; i < times; ++i) text += call[0].text();
  return text;
}

Result Reverse(const Call& call) {
  std::u32string text = Characters(call[0].text());
  std::reverse(text.begin(), text.end());
  return Utf8(text);
}

Result Overlay(const Call& call) {
  const std::u16string text = Units(call[0].text()), instead = Units(call[1].text());
  const auto size = static_cast<int64_t>(text.size());
  const int64_t from = call[2].number();
  if (from < 1 || from > size) return FromUnits(text);
  const int64_t gone = call.size() == 4 ? call[3].number() : static_cast<int64_t>(instead.size());
  std::u16string result = text.substr(0, static_cast<size_t>(from - 1)) + instead;
  // What remains: nothing if a length of 0 or less, or one beyond the end, is asked for.
  if (gone > 0 && gone <= size - from) result += text.substr(static_cast<size_t>(from - 1 + gone));
  return FromUnits(result);
}

Result Replace(const Call& call) {
  const std::u16string text = Units(call[0].text()), from = Units(call[1].text()), to = Units(call[2].text());
  std::u16string result;
  size_t at = 0;
  if (from.empty()) {
    result = to;
    for (const char16_t unit : text) (result += unit) += to;
    return FromUnits(result);
  }
  while (at < text.size()) {
    if (text.compare(at, from.size(), from) == 0) {
      result += to;
      at += from.size();
    } else {
      result += text[at++];
    }
  }
  return FromUnits(result);
}

Result Translate(const Call& call) {
  const std::u32string from = Characters(call[1].text()), to = Characters(call[2].text());
  std::u32string result;
  for (const char32_t character : Characters(call[0].text())) {
    const size_t place = from.find(character);
    if (place == std::u32string::npos) {
      result += character;
    } else if (place < to.size()) {
      result += to[place];
    }
  }
  return Utf8(result);
}

Result Elt(const Call& call) {
  if (call[0].null() || call[0].number() < 1 || call[0].number() >= static_cast<int64_t>(call.size())) return Null();
  return call[static_cast<size_t>(call[0].number())];
}

Result Chr(const Call& call) {
  const int64_t number = call[0].number();
  return number < 0 ? Result("") : Result(Utf8(std::u32string(1, static_cast<char32_t>(number & 0xFF))));
}

Result Ascii(const Call& call) {
  return call[0].text().empty() ? int64_t{0} : int64_t{static_cast<signed char>(call[0].text()[0])};
}

// The place of `sought` from 1, looked for from place `from` on; 0: it is nowhere.
int64_t Place(const std::u32string& sought, const std::u32string& text, int64_t from) {
  if (sought.empty()) return 1;
  for (size_t at = from > 1 ? static_cast<size_t>(from - 1) : 0; at + sought.size() <= text.size(); ++at) {
    if (text.compare(at, sought.size(), sought) == 0) return static_cast<int64_t>(at + 1);
  }
  return 0;
}

Result Locate(const Call& call) {
  const int64_t from = call.size() == 3 ? call[2].number() : 1;
  return Place(Characters(call[0].text()), Characters(call[1].text()), std::min(from, kMost));
}

Result InString(const Call& call) {
  const std::u32string text = Characters(call[0].text()), sought = Characters(call[1].text());
  if (call.size() == 2) return Place(sought, text, 1);
  const int64_t from = call[2].number();
  int64_t nth = call.size() == 4 ? call[3].number() : 1;
  if (nth < 1) return Fails();
  if (sought.empty() || from <= 0) return Unknown();
  int64_t place = std::min(from, kMost) - 1;
  for (; nth > 0; --nth) {
    place = Place(sought, text, place + 1);
    if (place == 0) return int64_t{0};
  }
  return place;
}

// The parts between separators; an empty text has none.
std::vector<std::string> Parts(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  if (text.empty()) return parts;
  parts.emplace_back();
  for (size_t at = 0; at < text.size();) {
    if (text.compare(at, separator.size(), separator) == 0) {
      parts.emplace_back();
      at += separator.size();
    } else {
      parts.back() += text[at++];
    }
  }
  return parts;
}

Result SplitIndex(const Call& call) {
  std::string separator;
  if (FamilyOf(call.types[1]) == TypeFamily::kString) {
    separator = call[1].text();
    if (separator.empty()) return Unknown();
  } else {
    if (call[1].number() < 1 || call[1].number() > 255) return Null();
    separator = Utf8(std::u32string(1, static_cast<char32_t>(call[1].number())));
  }
  const std::vector<std::string> parts = Parts(call[0].text(), separator);
  const int64_t index = call[2].number();
  return index < 0 || index >= static_cast<int64_t>(parts.size()) ? Null() : Value(parts[static_cast<size_t>(index)]);
}

Result Split(const Call& call) {
  if (call[1].text().empty()) return Unknown();
  std::vector<Value> parts;
  for (const std::string& part : Parts(call[0].text(), call[1].text())) parts.emplace_back(part);
  return parts;
}

Result CountChar(const Call& call) {
  if (call[0].null() || call[1].null() || call[1].text().empty()) return int64_t{0};
  return static_cast<int64_t>(std::count(call[0].text().begin(), call[0].text().end(), call[1].text()[0]));
}

// Whether all characters, of which there is one at least, are of a kind; of others than ASCII nothing is said.
template <bool (*kIs)(char)>
Result AllAre(const Call& call) {
  if (call[0].null()) return false;
  if (FamilyOf(call.types[0]) == TypeFamily::kNumber) return call.name == "is_digit" && IsInteger(call.types[0]);
  const std::string& text = call[0].text();
  if (!IsAscii(text)) return Unknown();
  return !text.empty() && std::all_of(text.begin(), text.end(), kIs);
}

bool IsLetter(char c) { return AsciiUpper(c) != AsciiLower(c); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

void AddStrings(FunctionTable& table) {
  table["upper"] = {MapCase<AsciiUpper>};
  table["lower"] = {MapCase<AsciiLower>};
  table["initcap"] = {InitialCapitals};
  table["concat"] = {Concat};
  table["concat_operator"] = {Concat};
  table["concat_ws"] = {ConcatWithSeparator, false};
  table["substring"] = {Substring};
  table["left"] = {Left};
  table["right"] = {Right};
  for (const char* name : {"trim", "ltrim", "rtrim", "btrim"}) table[name] = {Trim};
  table["lpad"] = {Pad};
  table["rpad"] = {Pad};
  table["repeat"] = {Repeat};
  table["reverse"] = {Reverse};
  table["overlay"] = {Overlay};
  table["replace"] = {Replace};
  table["translate"] = {Translate};
  table["elt"] = {Elt, false};
  table["chr"] = {Chr};
  table["ascii"] = {Ascii};
  table["char_length"] = {
      [](const Call& call) -> Result { return static_cast<int64_t>(Characters(call[0].text()).size()); }};
  table["position"] = {Locate};
  table["locate"] = {Locate};
  table["instr"] = {InString};
  table["startswith"] = {[](const Call& call) -> Result { return call[0].text().starts_with(call[1].text()); }};
  table["endswith"] = {[](const Call& call) -> Result { return call[0].text().ends_with(call[1].text()); }};
  table["split_index"] = {SplitIndex};
  table["split"] = {Split};
  table["count_char"] = {CountChar, false};
  table["is_alpha"] = {AllAre<IsLetter>, false};
  table["is_digit"] = {AllAre<IsDigit>, false};
}

}  // namespace millrace::reference
