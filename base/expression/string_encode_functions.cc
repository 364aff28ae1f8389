#include "base/error.h"
#include "base/expression/row_kernel.h"
#include "base/expression/string_encode.h"
#include "base/expression/string_families.h"

namespace millrace {
namespace {

using OptionalText = std::optional<std::string>;

KernelFactory Hashes(std::string algorithm) {
  return Rows([algorithm = std::move(algorithm)](std::string_view text) { return HashText(algorithm, text); });
}

ResultRule TypeOf(const std::string& sql) {
  return [type = MakeType(sql, true)](std::span<const CallArgument>) { return type; };
}

absl::StatusOr<Kernel> ParseUrlKernel(const KernelRequest& request) {
  if (request.arguments.size() == 2) {
    return RowKernel([](std::string_view url, std::string_view part) { return ParseUrl(url, part); }, request.result);
  }
  return RowKernel(
      [](std::string_view url, std::string_view part, std::string_view key) { return ParseUrl(url, part, key); },
      request.result);
}

}  // namespace

std::vector<Function> StringEncodeFunctions() {
  using enum ArgumentKind;
  const std::string no_zeros = "without leading zeros, negative numbers as two's complement of 64 bits";
  std::vector<Function> functions;
  auto hash = [&](const std::string& name, const std::string& algorithm, const std::string& type) {
    functions.push_back({.name = name,
                         .family = "string",
                         .signature = algorithm + "(string)",
                         .description = "hexadecimal digits in lower case",
                         .rule = Takes({kString}, TypeOf(type)),
                         .kernel = Hashes(algorithm)});
  };
  hash("md5", "MD5", "CHAR(32)");
  hash("sha1", "SHA1", "CHAR(40)");
  hash("sha224", "SHA224", "CHAR(56)");
  hash("sha256", "SHA256", "CHAR(64)");
  hash("sha384", "SHA384", "CHAR(96)");
  hash("sha512", "SHA512", "CHAR(128)");
  std::vector<Function> others = {
      {.name = "sha2",
       .family = "string",
       .signature = "SHA2(string, 224 | 256 | 384 | 512)",
       .description = "hexadecimal digits in lower case; another length fails",
       .rule = Takes({kString, kBigint}, TypeOf("VARCHAR(128)")),
       .kernel = Rows([](std::string_view text, int64_t bits) {
         return HashText(bits > 1 ? Cat("SHA", bits) : "of that length", text);
       })},
      {.name = "to_base64",
       .family = "string",
       .signature = "TO_BASE64(string)",
       .rule = Takes({kText}, "STRING"),
       .kernel = Rows(ToBase64)},
      {.name = "from_base64",
       .family = "string",
       .signature = "FROM_BASE64(string)",
       .description = "what is none fails",
       .difference = "bytes that are no UTF-8 become U+FFFD",
       .rule = Takes({kString}, "STRING"),
       .kernel = Rows(FromBase64)},
      {.name = "hex",
       .family = "string",
       .signature = "HEX(string)",
       .description = "of its UTF-8, in upper case",
       .rule = Takes({kString}, "STRING"),
       .kernel = Rows(HexOfText)},
      {.name = "hex",
       .family = "string",
       .signature = "HEX(integer)",
       .description = no_zeros,
       .rule = Takes({kBigint}, "STRING"),
       .kernel = Rows(HexOfNumber)},
      {.name = "bin",
       .family = "string",
       .signature = "BIN(integer)",
       .description = no_zeros,
       .rule = Takes({kBigint}, "STRING"),
       .kernel = Rows(BinaryDigits)},
      {.name = "encode",
       .family = "string",
       .signature = "ENCODE(string, charset)",
       .description = "US-ASCII, ISO-8859-1, UTF-8, UTF-16, UTF-16BE or UTF-16LE; another charset fails",
       .rule = Takes({kString, kString}, "BYTES"),
       .kernel = Rows(EncodeText)},
      {.name = "decode",
       .family = "string",
       .signature = "DECODE(bytes, charset)",
       .description = "as ENCODE",
       .rule = Takes({kBytes, kString}, "STRING"),
       .kernel = Rows(DecodeText)},
      {.name = "url_encode",
       .family = "string",
       .signature = "URL_ENCODE(string)",
       .description = "as in forms of HTML: a space is '+'",
       .rule = Takes({kString}, "STRING", {.nullable = true}),
       .kernel = Rows(UrlEncode)},
      {.name = "url_decode",
       .family = "string",
       .signature = "URL_DECODE(string)",
       .null_rule = "NULL if the argument is, or a '%' has no two digits behind it",
       .rule = Takes({kString}, "STRING", {.nullable = true}),
       .kernel = Rows(UrlDecode)},
      {.name = "parse_url",
       .family = "string",
       .signature = "PARSE_URL(url, part[, key])",
       .description = "HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY, USERINFO; QUERY takes a key",
       .null_rule = "NULL if an argument is, there is no such part, or the URL is none",
       .rule = Takes({kString, kString, kString}, "STRING", {.optional = 1, .nullable = true}),
       .kernel = ParseUrlKernel},
  };
  std::move(others.begin(), others.end(), std::back_inserter(functions));
  return functions;
}

}  // namespace millrace
