#include "base/expression/string_encode.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/expression/string_units.h"
#include "base/utf8.h"

namespace millrace {
namespace {

enum class Charset { kAscii, kLatin1, kUtf8, kUtf16, kUtf16BigEndian, kUtf16LittleEndian };

struct CharsetName {
  const char* name;
  Charset charset;
};
constexpr CharsetName kCharsets[] = {
    {"US-ASCII", Charset::kAscii},
    {"ASCII", Charset::kAscii},
    {"ISO646-US", Charset::kAscii},
    {"ISO-8859-1", Charset::kLatin1},
    {"ISO8859-1", Charset::kLatin1},
    {"ISO8859_1", Charset::kLatin1},
    {"LATIN1", Charset::kLatin1},
    {"L1", Charset::kLatin1},
    {"UTF-8", Charset::kUtf8},
    {"UTF8", Charset::kUtf8},
    {"UTF-16", Charset::kUtf16},
    {"UTF16", Charset::kUtf16},
    {"UTF_16", Charset::kUtf16},
    {"UNICODE", Charset::kUtf16},
    {"UTF-16BE", Charset::kUtf16BigEndian},
    {"UTF_16BE", Charset::kUtf16BigEndian},
    {"UTF-16LE", Charset::kUtf16LittleEndian},
    {"UTF_16LE", Charset::kUtf16LittleEndian},
};

absl::StatusOr<Charset> CharsetOf(std::string_view name) {
  const std::string upper = absl::AsciiStrToUpper(AbslView(name));
  for (const CharsetName& known : kCharsets) {
    if (upper == known.name) return known.charset;
  }
  return InvalidArgument("charset '", name,
                         "' is not known; use US-ASCII, ISO-8859-1, UTF-8, UTF-16, UTF-16BE or UTF-16LE");
}

void AppendUnit(char16_t unit, bool big_endian, std::string* bytes) {
  const char high = static_cast<char>(unit >> 8), low = static_cast<char>(unit & 0xff);
  bytes->push_back(big_endian ? high : low);
  bytes->push_back(big_endian ? low : high);
}

std::string DecodeUtf16(std::string_view bytes, bool big_endian) {
  std::string text;
  auto unit = [&](size_t i) {
    const auto first = static_cast<unsigned char>(bytes[i]), second = static_cast<unsigned char>(bytes[i + 1]);
    return static_cast<char32_t>(big_endian ? first << 8 | second : second << 8 | first);
  };
  size_t i = 0;
  for (; i + 1 < bytes.size(); i += 2) {
    char32_t c = unit(i);
    if (c >= 0xd800 && c <= 0xdbff && i + 3 < bytes.size() && unit(i + 2) >= 0xdc00 && unit(i + 2) <= 0xdfff) {
      c = 0x10000 + ((c - 0xd800) << 10) + (unit(i + 2) - 0xdc00);
      i += 2;
    }
    AppendCodePoint(c >= 0xd800 && c <= 0xdfff ? char32_t{0xfffd} : c, &text);
  }
  if (i < bytes.size()) AppendCodePoint(0xfffd, &text);
  return text;
}

std::string Hex(std::string_view bytes, const char* digits) {
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (char c : bytes) {
    hex.push_back(digits[static_cast<unsigned char>(c) >> 4]);
    hex.push_back(digits[static_cast<unsigned char>(c) & 0xf]);
  }
  return hex;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

absl::StatusOr<std::string> HashText(std::string_view algorithm, std::string_view text) {
  struct Known {
    const char* name;
    const EVP_MD* (*digest)();
  };
  constexpr Known kKnown[] = {{"MD5", EVP_md5},       {"SHA1", EVP_sha1},     {"SHA224", EVP_sha224},
                              {"SHA256", EVP_sha256}, {"SHA384", EVP_sha384}, {"SHA512", EVP_sha512}};
  for (const Known& known : kKnown) {
    if (algorithm != known.name) continue;
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned length = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &length, known.digest(), nullptr) != 1) {
      return Internal("compute ", algorithm, ": the library refused");
    }
    return Hex({reinterpret_cast<const char*>(digest.data()), length}, "0123456789abcdef");
  }
  return InvalidArgument("there is no hash ", algorithm, "; SHA2 takes the lengths 224, 256, 384 and 512");
}

std::string ToBase64(std::string_view text) { return absl::Base64Escape(AbslView(text)); }

absl::StatusOr<std::string> FromBase64(std::string_view text) {
  std::string bytes;
  const bool spaced =
      std::any_of(text.begin(), text.end(), [](char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); });
  if (spaced || !absl::Base64Unescape(AbslView(text), &bytes)) {
    return InvalidArgument("decode Base64: this is none: '", Utf8Prefix(text, 60), "'");
  }
  return ToUtf8(bytes);
}

std::string HexOfText(std::string_view text) { return Hex(text, "0123456789ABCDEF"); }
std::string HexOfNumber(int64_t number) { return absl::StrFormat("%X", static_cast<uint64_t>(number)); }

std::string BinaryDigits(int64_t number) {
  auto bits = static_cast<uint64_t>(number);
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + (bits & 1)));
    bits >>= 1;
  } while (bits != 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

absl::StatusOr<std::string> EncodeText(std::string_view text, std::string_view charset_name) {
  const absl::StatusOr<Charset> charset = CharsetOf(charset_name);
  if (!charset.ok()) return charset.status();
  std::string bytes;
  switch (*charset) {
    case Charset::kUtf8:
      return std::string(text);
    case Charset::kAscii:
    case Charset::kLatin1:
      for (; !text.empty(); text.remove_prefix(CharacterLength(text))) {
        const char32_t c = FirstCodePoint(text);
        bytes.push_back(c <= (*charset == Charset::kAscii ? 0x7fu : 0xffu) ? static_cast<char>(c) : '?');
      }
      return bytes;
    default: {
      const bool big_endian = *charset != Charset::kUtf16LittleEndian;
      if (*charset == Charset::kUtf16 && !text.empty()) AppendUnit(0xfeff, big_endian, &bytes);
      for (char16_t unit : ToUtf16(text)) AppendUnit(unit, big_endian, &bytes);
      return bytes;
    }
  }
}

absl::StatusOr<std::string> DecodeText(std::string_view bytes, std::string_view charset_name) {
  const absl::StatusOr<Charset> charset = CharsetOf(charset_name);
  if (!charset.ok()) return charset.status();
  std::string text;
  switch (*charset) {
    case Charset::kUtf8:
      return ToUtf8(bytes);
    case Charset::kAscii:
    case Charset::kLatin1:
      for (char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        AppendCodePoint(byte > 0x7f && *charset == Charset::kAscii ? char32_t{0xfffd} : byte, &text);
      }
      return text;
    case Charset::kUtf16:
      if (bytes.starts_with("\xfe\xff")) return DecodeUtf16(bytes.substr(2), true);
      if (bytes.starts_with("\xff\xfe")) return DecodeUtf16(bytes.substr(2), false);
      return DecodeUtf16(bytes, true);
    default:
      return DecodeUtf16(bytes, *charset == Charset::kUtf16BigEndian);
  }
}

std::string UrlEncode(std::string_view text) {
  std::string encoded;
  for (char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
        std::string_view(".-*_").find(c) != std::string_view::npos) {
      encoded.push_back(c);
    } else if (c == ' ') {
      encoded.push_back('+');
    } else {
      encoded += "%" + HexOfText({&c, 1});
    }
  }
  return encoded;
}

std::optional<std::string> UrlDecode(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      bytes.push_back(text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    if (i + 2 >= text.size() || HexValue(text[i + 1]) < 0 || HexValue(text[i + 2]) < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(HexValue(text[i + 1]) << 4 | HexValue(text[i + 2])));
    i += 2;
  }
  return ToUtf8(bytes);
}

}  // namespace millrace
