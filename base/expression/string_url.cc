#include <algorithm>

#include "absl/strings/ascii.h"
#include "base/error.h"
#include "base/expression/string_encode.h"

namespace millrace {
namespace {

constexpr auto kNone = std::string_view::npos;
using OptionalText = std::optional<std::string>;

struct Url {
  std::string protocol;
  std::string host;
  std::string path;
  OptionalText authority, user_info, query, ref;
};

bool IsProtocol(std::string_view text) {
  if (text.empty() || !absl::ascii_isalpha(static_cast<unsigned char>(text[0]))) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '+' || c == '-';
  });
}

// A port is a number that an int holds and is not below −1; nothing is no port.
bool IsPort(std::string_view text) {
  if (text == "-1" || text.empty()) return true;
  if (text.starts_with('+')) text.remove_prefix(1);
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
  return digits && (text.size() < 10 || (text.size() == 10 && text <= "2147483647"));
}

// Without "." and "..", as far as they can be resolved.
std::string Normalized(std::string path) {
  for (size_t i; (i = path.find("/./")) != kNone;) path.erase(i, 2);
  for (size_t i = 0; (i = path.find("/../", i)) != kNone;) {
    const size_t parent = i == 0 ? kNone : path.rfind('/', i - 1);
    if (parent != kNone && path.find("/../", parent) != 0) {
      path.erase(parent, i + 3 - parent);
      i = 0;
    } else {
      i += 3;
    }
  }
  while (path.ends_with("/..")) {
    const size_t i = path.find("/..");
    const size_t parent = i == 0 ? kNone : path.rfind('/', i - 1);
    if (parent == kNone) break;
    path.resize(parent + 1);
  }
  if (path.starts_with("./") && path.size() > 2) path.erase(0, 2);
  if (path.ends_with("/.")) path.pop_back();
  return path;
}

// Splits user information, host and port; whether they are well formed.
bool ParseAuthority(std::string_view authority, Url* url) {
  url->authority = std::string(authority);
  std::string_view host = authority;
  if (const size_t at = authority.find('@'); at != kNone) {
    if (at != authority.rfind('@')) return true;
    url->user_info = std::string(authority.substr(0, at));
    host.remove_prefix(at + 1);
  }
  if (host.starts_with('[')) {
    const size_t end = host.find(']');
    if (end == kNone || end <= 2) return false;
    std::string_view rest = host.substr(end + 1);
    if (!rest.empty() && (rest[0] != ':' || !IsPort(rest.substr(1)))) return false;
    host = host.substr(0, end + 1);
  } else if (const size_t colon = host.find(':'); colon != kNone) {
    if (!IsPort(host.substr(colon + 1))) return false;
    host = host.substr(0, colon);
  }
  url->host = std::string(host);
  return true;
}

std::optional<Url> Parse(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  if (absl::AsciiStrToLower(AbslView(text.substr(0, 4))) == "url:") text.remove_prefix(4);

  Url url;
  const size_t colon = text.find_first_of(":/");
  if (colon == kNone || text[colon] != ':' || !IsProtocol(text.substr(0, colon))) return std::nullopt;
  url.protocol = absl::AsciiStrToLower(AbslView(text.substr(0, colon)));
  constexpr std::string_view kProtocols[] = {"http", "https", "ftp", "file", "mailto"};
  if (std::find(std::begin(kProtocols), std::end(kProtocols), url.protocol) == std::end(kProtocols))
    return std::nullopt;
  text.remove_prefix(colon + 1);

  if (const size_t hash = text.find('#'); hash != kNone) {
    url.ref = std::string(text.substr(hash + 1));
    text = text.substr(0, hash);
  }
  if (const size_t mark = text.find('?'); mark != kNone) {
    url.query = std::string(text.substr(mark + 1));
    text = text.substr(0, mark);
  }
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    const size_t end = std::min(text.find('/'), text.size());
    if (!ParseAuthority(text.substr(0, end), &url)) return std::nullopt;
    text.remove_prefix(end);
  }
  url.path = Normalized(std::string(text));
  return url;
}

}  // namespace

OptionalText ParseUrl(std::string_view text, std::string_view part) {
  std::optional<Url> url = Parse(text);
  if (!url) return std::nullopt;
  if (part == "HOST") return url->host;
  if (part == "PATH") return url->path;
  if (part == "QUERY") return url->query;
  if (part == "REF") return url->ref;
  if (part == "PROTOCOL") return url->protocol;
  if (part == "FILE") return url->query ? url->path + "?" + *url->query : url->path;
  if (part == "AUTHORITY") return url->authority;
  if (part == "USERINFO") return url->user_info;
  return std::nullopt;
}

OptionalText ParseUrl(std::string_view text, std::string_view part, std::string_view key) {
  if (part != "QUERY") return std::nullopt;
  const OptionalText query = ParseUrl(text, part);
  if (!query) return std::nullopt;
  const std::string sought = Cat(key, "=");
  std::string_view rest = *query;
  for (;;) {
    const size_t end = std::min(rest.find('&'), rest.size());
    // A key that holds an '&' itself may begin here and go on behind it.
    if (rest.starts_with(sought)) {
      rest.remove_prefix(sought.size());
      return std::string(rest.substr(0, rest.find('&')));
    }
    if (end == rest.size()) return std::nullopt;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace millrace
