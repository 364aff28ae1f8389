#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

namespace millrace::key_bytes {

// Numbers as bytes that compare like the numbers: see base/key_bytes.h for the layout.

static_assert(std::endian::native == std::endian::little);

template <typename U>
U SwapBytes(U v) {
  if constexpr (sizeof(U) == 1) return v;
  if constexpr (sizeof(U) == 2) return __builtin_bswap16(v);
  if constexpr (sizeof(U) == 4) return __builtin_bswap32(v);
  if constexpr (sizeof(U) == 8) return __builtin_bswap64(v);
}
template <typename U>
void StoreBigEndian(U v, char* out) {
  v = SwapBytes(v);
  std::memcpy(out, &v, sizeof(U));
}
template <typename U>
U LoadBigEndian(const char* in) {
  U v;
  std::memcpy(&v, in, sizeof(U));
  return SwapBytes(v);
}

template <typename U>
constexpr U kSignBit = static_cast<U>(U{1} << (sizeof(U) * 8 - 1));

template <typename T>
using BitsOf = std::conditional_t<
    sizeof(T) == 1, uint8_t,
    std::conditional_t<sizeof(T) == 2, uint16_t, std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>>;

template <typename T>
BitsOf<T> Ordered(T v) {
  using U = BitsOf<T>;
  if constexpr (std::is_floating_point_v<T>) {
    if (v == 0) v = 0;  // −0.0
    if (std::isnan(v)) v = std::numeric_limits<T>::quiet_NaN();
    U bits = std::bit_cast<U>(v);
    return (bits & kSignBit<U>) ? ~bits : bits ^ kSignBit<U>;
  } else {
    return static_cast<U>(static_cast<U>(v) ^ kSignBit<U>);
  }
}
template <typename T>
T FromOrdered(BitsOf<T> ordered) {
  using U = BitsOf<T>;
  if constexpr (std::is_floating_point_v<T>) {
    return std::bit_cast<T>(static_cast<U>((ordered & kSignBit<U>) ? ordered ^ kSignBit<U> : ~ordered));
  } else {
    return static_cast<T>(static_cast<U>(ordered ^ kSignBit<U>));
  }
}

}  // namespace millrace::key_bytes
