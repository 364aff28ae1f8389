#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

#include "worker/operators/byte_arena.h"

namespace millrace {

using Int128 = __int128;
using Uint128 = unsigned __int128;

inline Int128 Int128Of(const uint64_t* words) { return static_cast<Int128>(Uint128{words[1]} << 64 | words[0]); }
inline void StoreInt128(Int128 value, uint64_t* words) {
  words[0] = static_cast<uint64_t>(value);
  words[1] = static_cast<uint64_t>(static_cast<Uint128>(value) >> 64);
}

// Maps doubles to integers of the same order as Java's Double.compare: −0.0 < 0.0 and one NaN above infinity.
inline int64_t OrderedOf(double value) {
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  auto bits = std::bit_cast<int64_t>(value);
  return bits ^ ((bits >> 63) & std::numeric_limits<int64_t>::max());
}
inline double DoubleOfOrdered(int64_t ordered) {
  return std::bit_cast<double>(ordered ^ ((ordered >> 63) & std::numeric_limits<int64_t>::max()));
}

// The first value is taken as it is, so that a lone −0.0 stays one.
inline void AddDouble(double value, uint64_t rows, uint64_t* cell) {
  if (rows == 0) return;
  double sum = cell[1] == 0 ? value : std::bit_cast<double>(cell[0]) + value;
  cell[0] = std::bit_cast<uint64_t>(sum);
  cell[1] += rows;
}

// Mean, sum of squared distances from it, rows (Welford; Chan, Golub and LeVeque for the parallel case): large values
// that lie close together do not cancel out.
inline void AddMoments(double mean, double squares, uint64_t rows, uint64_t* cell) {
  if (rows == 0) return;
  auto held = static_cast<double>(cell[2]);
  auto added = static_cast<double>(rows);
  double delta = mean - std::bit_cast<double>(cell[0]);
  if (cell[2] == 0) {
    cell[0] = std::bit_cast<uint64_t>(mean);
    cell[1] = std::bit_cast<uint64_t>(squares);
  } else {
    cell[0] = std::bit_cast<uint64_t>(std::bit_cast<double>(cell[0]) + delta * added / (held + added));
    cell[1] = std::bit_cast<uint64_t>(std::bit_cast<double>(cell[1]) + squares + delta * delta * held * added / (held + added));
  }
  cell[2] += rows;
}

inline void AddInt192(const uint64_t value[3], uint64_t rows, uint64_t* cell) {
  Uint128 low = Uint128{cell[0]} + value[0];
  Uint128 middle = Uint128{cell[1]} + value[1] + static_cast<uint64_t>(low >> 64);
  cell[0] = static_cast<uint64_t>(low);
  cell[1] = static_cast<uint64_t>(middle);
  cell[2] += value[2] + static_cast<uint64_t>(middle >> 64);
  cell[3] += rows;
}

template <bool kIsMax>
void TakeExtremeInt(int64_t value, uint64_t* cell) {
  auto held = static_cast<int64_t>(cell[0]);
  if (cell[1] == 0 || (kIsMax ? value > held : value < held)) cell[0] = static_cast<uint64_t>(value);
  cell[1] = 1;
}

template <bool kIsMax>
void TakeExtremeInt128(Int128 value, uint64_t* cell) {
  if (cell[2] == 0 || (kIsMax ? value > Int128Of(cell) : value < Int128Of(cell))) StoreInt128(value, cell);
  cell[2] = 1;
}

inline std::string_view BytesOfCell(const uint64_t* cell) {
  return {reinterpret_cast<const char*>(static_cast<uintptr_t>(cell[0])), static_cast<size_t>(cell[1])};
}

// Room is reused, and doubles when it does not suffice: a value that grows forever wastes at most its own size.
template <bool kIsMax>
void TakeExtremeBytes(std::string_view value, uint64_t* cell, ByteArena& arena) {
  if (cell[3] != 0 && !(kIsMax ? value > BytesOfCell(cell) : value < BytesOfCell(cell))) return;
  if (value.size() > cell[2]) {
    size_t capacity = cell[3] == 0 ? value.size() : value.size() * 2;
    cell[0] = reinterpret_cast<uintptr_t>(arena.Allocate(capacity));
    cell[2] = capacity;
  }
  if (!value.empty()) std::memcpy(reinterpret_cast<char*>(static_cast<uintptr_t>(cell[0])), value.data(), value.size());
  cell[1] = value.size();
  cell[3] = 1;
}

}  // namespace millrace
