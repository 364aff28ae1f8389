#include "state/state_key.h"

#include <cstdint>

#include "absl/strings/escaping.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {
namespace {

template <typename U>
void AppendBigEndian(U value, std::string& out) {
  for (int shift = static_cast<int>(sizeof(U)) * 8 - 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(value >> shift));
}
template <typename U>
U ReadBigEndian(std::string_view in) {
  U value = 0;
  for (size_t i = 0; i < sizeof(U); ++i) value = static_cast<U>(value << 8 | static_cast<uint8_t>(in[i]));
  return value;
}

constexpr uint64_t kSignBit = uint64_t{1} << 63;

absl::Status CheckNext(std::string_view last, bool first, std::string_view key) {
  if (key.size() < kStateKeyPrefixBytes) {
    return Internal("use a state key of ", key.size(), " bytes: at least ", kStateKeyPrefixBytes, " are needed");
  }
  if (!first && key <= last) {
    return Internal("use state keys that do not ascend: ", absl::BytesToHexString(AbslView(last)), " then ",
                    absl::BytesToHexString(AbslView(key)));
  }
  return absl::OkStatus();
}

}  // namespace

void AppendStateKey(const StateKey& key, std::string& out) {
  AppendBigEndian<uint16_t>(key.group, out);
  AppendBigEndian<uint16_t>(key.table, out);
  AppendBigEndian<uint64_t>(static_cast<uint64_t>(key.slice) ^ kSignBit, out);
  out.append(key.key);
}

std::string EncodeStateKey(const StateKey& key) {
  std::string out;
  out.reserve(kStateKeyPrefixBytes + key.key.size());
  AppendStateKey(key, out);
  return out;
}

absl::StatusOr<StateKey> ParseStateKey(std::string_view encoded) {
  if (encoded.size() < kStateKeyPrefixBytes) {
    return DataLoss("parse a state key: ", encoded.size(), " bytes, at least ", kStateKeyPrefixBytes, " are needed");
  }
  StateKey key;
  key.group = ReadBigEndian<uint16_t>(encoded);
  key.table = ReadBigEndian<uint16_t>(encoded.substr(2));
  key.slice = static_cast<Slice>(ReadBigEndian<uint64_t>(encoded.substr(4)) ^ kSignBit);
  key.key = encoded.substr(kStateKeyPrefixBytes);
  return key;
}

std::string FirstKeyOfGroup(uint32_t group) {
  std::string key;
  AppendBigEndian<uint16_t>(static_cast<uint16_t>(group), key);
  return key;
}

absl::Status CheckAscending(std::span<const StateWrite> writes) {
  for (size_t i = 0; i < writes.size(); ++i) {
    RETURN_IF_ERROR(CheckNext(i == 0 ? std::string_view() : writes[i - 1].key, i == 0, writes[i].key));
  }
  return absl::OkStatus();
}

absl::Status CheckAscending(std::span<const std::string_view> keys) {
  for (size_t i = 0; i < keys.size(); ++i) {
    RETURN_IF_ERROR(CheckNext(i == 0 ? std::string_view() : keys[i - 1], i == 0, keys[i]));
  }
  return absl::OkStatus();
}

}  // namespace millrace
