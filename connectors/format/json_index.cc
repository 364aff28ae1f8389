#include "connectors/format/json_index.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "simdjson.h"

namespace millrace {
namespace {

constexpr bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Four hexadecimal digits, or -1.
int32_t HexUnit(std::string_view text) {
  if (text.size() < 4) return -1;
  int32_t unit = 0;
  for (int i = 0; i < 4; ++i) {
    int digit = HexDigit(text[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

void AppendUtf8(uint32_t c, std::string* out) {
  if (c < 0x80) {
    out->push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out->push_back(static_cast<char>(0xc0 | (c >> 6)));
    out->push_back(static_cast<char>(0x80 | (c & 0x3f)));
  } else if (c < 0x10000) {
    out->push_back(static_cast<char>(0xe0 | (c >> 12)));
    out->push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3f)));
    out->push_back(static_cast<char>(0x80 | (c & 0x3f)));
  } else {
    out->push_back(static_cast<char>(0xf0 | (c >> 18)));
    out->push_back(static_cast<char>(0x80 | ((c >> 12) & 0x3f)));
    out->push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3f)));
    out->push_back(static_cast<char>(0x80 | (c & 0x3f)));
  }
}

// A \u escape behind its backslash and u. Returns the number of bytes used after "\u", 0 if it is malformed.
size_t DecodeUnicodeEscape(std::string_view text, uint32_t* code_point) {
  int32_t unit = HexUnit(text);
  if (unit < 0 || (unit >= 0xdc00 && unit <= 0xdfff)) return 0;
  *code_point = static_cast<uint32_t>(unit);
  if (unit < 0xd800 || unit > 0xdbff) return 4;
  if (text.size() < 10 || text[4] != '\\' || text[5] != 'u') return 0;
  int32_t low = HexUnit(text.substr(6));
  if (low < 0xdc00 || low > 0xdfff) return 0;
  *code_point = 0x10000 + ((static_cast<uint32_t>(unit) - 0xd800) << 10) + (static_cast<uint32_t>(low) - 0xdc00);
  return 10;
}

}  // namespace

bool IsJsonNumber(std::string_view text) {
  const char* p = text.data();
  const char* end = p + text.size();
  if (p < end && *p == '-') ++p;
  if (p == end) return false;
  if (*p == '0') {
    ++p;
  } else {
    if (!IsDigit(*p)) return false;
    while (p < end && IsDigit(*p)) ++p;
  }
  if (p < end && *p == '.') {
    const char* first = ++p;
    while (p < end && IsDigit(*p)) ++p;
    if (p == first) return false;
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p < end && (*p == '+' || *p == '-')) ++p;
    const char* first = p;
    while (p < end && IsDigit(*p)) ++p;
    if (p == first) return false;
  }
  return p == end;
}

bool UnescapeJson(std::string_view body, std::string* out) {
  while (!body.empty()) {
    size_t plain = body.find('\\');
    if (plain == body.npos) plain = body.size();
    if (out != nullptr) out->append(body.substr(0, plain));
    body.remove_prefix(plain);
    if (body.empty()) return true;
    if (body.size() < 2) return false;
    char c = body[1];
    body.remove_prefix(2);
    switch (c) {
      case '"':
      case '\\':
      case '/':
        break;
      case 'b':
        c = '\b';
        break;
      case 'f':
        c = '\f';
        break;
      case 'n':
        c = '\n';
        break;
      case 'r':
        c = '\r';
        break;
      case 't':
        c = '\t';
        break;
      case 'u': {
        uint32_t code_point = 0;
        size_t used = DecodeUnicodeEscape(body, &code_point);
        if (used == 0) return false;
        if (out != nullptr) AppendUtf8(code_point, out);
        body.remove_prefix(used);
        continue;
      }
      default:
        return false;
    }
    if (out != nullptr) out->push_back(c);
  }
  return true;
}

JsonIndex::JsonIndex() {
  auto error =
      simdjson::get_active_implementation()->create_dom_parser_implementation(0, simdjson::DEFAULT_MAX_DEPTH, stage1_);
  Check(error == simdjson::SUCCESS, "simdjson must have an implementation for this processor");
}

JsonIndex::~JsonIndex() = default;

const char* JsonIndex::Load(std::string_view text) {
  num_tokens_ = 0;
  text_ = text;
  if (text.empty()) return "it is empty";
  static_assert(kMaxBytes == 16 << 20);
  if (text.size() > kMaxBytes) return "it is larger than 16 MiB";
  if (text.starts_with("\xef\xbb\xbf")) return "it begins with a byte order mark";
  bool is_spacious = capacity_ > kKeptBytes && text.size() <= kKeptBytes;
  if (text.size() > capacity_ || is_spacious) {
    // Large ones are rare: their room is not kept.
    size_t wanted = text.size() > kKeptBytes ? text.size() : std::clamp<size_t>(text.size() * 2, 16 << 10, kKeptBytes);
    capacity_ = stage1_->set_capacity(wanted) == simdjson::SUCCESS ? wanted : 0;
    if (capacity_ == 0) return "it is too large for the memory that is left";
  }
  auto error = stage1_->stage1(reinterpret_cast<const uint8_t*>(text.data()), text.size(), simdjson::stage1_mode::regular);
  switch (error) {
    case simdjson::SUCCESS:
      break;
    case simdjson::UTF8_ERROR:
      return "it is not UTF-8";
    case simdjson::UNCLOSED_STRING:
      return "a string has no closing quote";
    case simdjson::UNESCAPED_CHARS:
      return "a string holds a control character";
    case simdjson::EMPTY:
      return "it is empty";
    default:
      return simdjson::error_message(error);
  }
  positions_ = stage1_->structural_indexes.get();
  num_tokens_ = stage1_->n_structural_indexes;
  has_escapes_ = std::memchr(text.data(), '\\', text.size()) != nullptr;
  return nullptr;
}

std::string_view JsonIndex::Token(uint32_t token) const {
  size_t begin = positions_[token];
  size_t end = token + 1 < num_tokens_ ? positions_[token + 1] : text_.size();
  while (end > begin + 1 && IsSpace(text_[end - 1])) --end;
  return text_.substr(begin, end - begin);
}

const char* JsonIndex::CheckScalar(uint32_t token) const {
  std::string_view text = Token(token);
  switch (text[0]) {
    case '"':
      if (text.size() < 2 || text.back() != '"') return "a string has no closing quote";
      if (has_escapes_ && !UnescapeJson(text.substr(1, text.size() - 2), nullptr)) return "a string holds a malformed escape";
      return nullptr;
    case 't':
      return text == "true" ? nullptr : "a value is neither string, number, true, false, null, object nor array";
    case 'f':
      return text == "false" ? nullptr : "a value is neither string, number, true, false, null, object nor array";
    case 'n':
      return text == "null" ? nullptr : "a value is neither string, number, true, false, null, object nor array";
    case '}':
    case ']':
    case ',':
    case ':':
      return "a value is missing";
    default:
      return IsJsonNumber(text) ? nullptr : "a value is neither string, number, true, false, null, object nor array";
  }
}

uint32_t JsonIndex::Skip(uint32_t token, int depth, const char** error) const {
  // One bit per open container: 1 object, 0 array.
  uint64_t objects = 0;
  int open = 0;
  while (true) {
    // A value begins here.
    char kind = Kind(token);
    if (kind == '{' || kind == '[') {
      if (depth + open >= kMaxDepth) {
        *error = "it is nested more than 64 deep";
        return 0;
      }
      bool is_object = kind == '{';
      ++token;
      if (Kind(token) != (is_object ? '}' : ']')) {
        objects = objects << 1 | (is_object ? 1 : 0);
        ++open;
        if (!is_object) continue;
        // The key is checked below.
      } else {
        ++token;
        if (open == 0) return token;
        goto behind_value;
      }
    } else {
      if (kind == '\0' && token >= num_tokens_) {
        *error = "it ends in the middle";
        return 0;
      }
      if (const char* wrong = CheckScalar(token)) {
        *error = wrong;
        return 0;
      }
      ++token;
      if (open == 0) return token;
      goto behind_value;
    }
  key:
    if (Kind(token) != '"') {
      *error = token < num_tokens_ ? "an object's key is not a string" : "it ends in the middle";
      return 0;
    }
    if (const char* wrong = CheckScalar(token)) {
      *error = wrong;
      return 0;
    }
    if (Kind(token + 1) != ':') {
      *error = "a colon is missing behind a key";
      return 0;
    }
    token += 2;
    continue;
  behind_value:
    while (true) {
      bool in_object = objects & 1;
      char next = Kind(token);
      if (next == ',') {
        ++token;
        if (in_object) goto key;
        break;
      }
      if (next != (in_object ? '}' : ']')) {
        *error = token < num_tokens_ ? "a comma or closing bracket is missing" : "it ends in the middle";
        return 0;
      }
      ++token;
      objects >>= 1;
      if (--open == 0) return token;
    }
  }
}

uint32_t JsonIndex::Behind(uint32_t token) const {
  int open = 0;
  do {
    char kind = Kind(token++);
    if (kind == '{' || kind == '[') ++open;
    if (kind == '}' || kind == ']') --open;
  } while (open > 0);
  return token;
}

void JsonIndex::AppendCompact(uint32_t token, std::string* out) const {
  for (uint32_t end = Behind(token); token < end; ++token) out->append(Token(token));
}

}  // namespace millrace
