#include "base/checksum_field.h"

#include <xxhash.h>

#include "absl/strings/escaping.h"
#include "base/error.h"

namespace millrace {
namespace {

// Field 1000, wire type 2, length 16.
constexpr std::string_view kHeader = "\xc2\x3e\x10";
constexpr size_t kHashBytes = 16;

std::string Hash(std::string_view bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  return std::string(reinterpret_cast<const char*>(canonical.digest), sizeof(canonical.digest));
}

}  // namespace

void AppendChecksumField(std::string* message) {
  std::string hash = Hash(*message);
  message->append(kHeader);
  message->append(hash);
}

ChecksumField CheckChecksumField(std::string_view message) {
  if (message.size() < kHeader.size() + kHashBytes) return ChecksumField::kAbsent;
  std::string_view body = message.substr(0, message.size() - kHeader.size() - kHashBytes);
  std::string_view field = message.substr(body.size());
  if (!field.starts_with(kHeader)) return ChecksumField::kAbsent;
  return field.substr(kHeader.size()) == Hash(body) ? ChecksumField::kRight : ChecksumField::kWrong;
}

std::string Xxh128Hex(std::string_view bytes) { return absl::BytesToHexString(AbslView(Hash(bytes))); }

}  // namespace millrace
