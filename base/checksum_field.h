#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace millrace {

// A checksum at the end of a serialized proto message, so that damage to what is stored is noticed. Frozen:
//
//   | message without the field | tag of field 1000, bytes | 16 | XXH3-128 of all before, canonical |
//
// To any proto reader it is one more field, of type bytes.

// `message`: serialized without the field.
void AppendChecksumField(std::string* message);

enum class ChecksumField { kAbsent, kRight, kWrong };
ChecksumField CheckChecksumField(std::string_view message);

// XXH3-128 as 32 hex digits.
std::string Xxh128Hex(std::string_view bytes);

}  // namespace millrace
