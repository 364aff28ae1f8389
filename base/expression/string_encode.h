#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace millrace {

// Functions of SQL that encode and decode text, as Flink computes them. Text that comes out is UTF-8.
//
// Thread: any.

// Lower case hexadecimal digits. `algorithm` is MD5, SHA1, SHA224, SHA256, SHA384 or SHA512; anything else fails with
// InvalidArgument.
absl::StatusOr<std::string> HashText(std::string_view algorithm, std::string_view text);

std::string ToBase64(std::string_view text);
// Fails with InvalidArgument: no Base64.
absl::StatusOr<std::string> FromBase64(std::string_view text);

// Upper case hexadecimal digits: of a text's bytes; of a number without leading zeros, negative ones as two's
// complement.
std::string HexOfText(std::string_view text);
std::string HexOfNumber(int64_t number);
// Binary digits, as HexOfNumber.
std::string BinaryDigits(int64_t number);

// Charsets: US-ASCII, ISO-8859-1, UTF-8, UTF-16, UTF-16BE, UTF-16LE and Java's aliases of them, in any case. What a
// charset cannot say becomes '?', what is no text U+FFFD. Fails with InvalidArgument: another charset.
absl::StatusOr<std::string> EncodeText(std::string_view text, std::string_view charset);
absl::StatusOr<std::string> DecodeText(std::string_view bytes, std::string_view charset);

// As in forms of HTML: a space is '+'.
std::string UrlEncode(std::string_view text);
// NULL if a '%' is not followed by two hexadecimal digits.
std::optional<std::string> UrlDecode(std::string_view text);

// HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY or USERINFO of a URL as java.net.URL takes it apart; NULL if it is
// none, or has no such part.
std::optional<std::string> ParseUrl(std::string_view url, std::string_view part);
// The value of a key of the query; `part` has to be QUERY.
std::optional<std::string> ParseUrl(std::string_view url, std::string_view part, std::string_view key);

}  // namespace millrace
