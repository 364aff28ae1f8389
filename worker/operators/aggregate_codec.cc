#include <cstring>

#include "base/error.h"
#include "worker/operators/accumulator_math.h"
#include "worker/operators/aggregate_layout.h"

namespace millrace {
namespace {

// On disk: never reuse.
constexpr char kPackedVersion = 1;

static_assert(std::endian::native == std::endian::little, "packed aggregates are copied words");

absl::Status Damaged(std::string_view what, std::string_view packed) {
  return DataLoss("read packed aggregates: ", what, ": ", packed.size(), " bytes");
}

void MergeExtreme(bool is_max, const AggregateCell& cell, const uint64_t* words, uint64_t* into) {
  if (words[cell.num_words - 1] == 0) return;
  if (cell.kind == CellKind::kExtremeInt) {
    auto value = static_cast<int64_t>(words[0]);
    is_max ? TakeExtremeInt<true>(value, into) : TakeExtremeInt<false>(value, into);
  } else {
    is_max ? TakeExtremeInt128<true>(Int128Of(words), into) : TakeExtremeInt128<false>(Int128Of(words), into);
  }
}

}  // namespace

void AggregateLayout::Pack(CellRows from, uint32_t group, std::string& out) const {
  out.push_back(kPackedVersion);
  for (const AggregateCell& cell : cells_) {
    const uint64_t* words = from.At(group, cell);
    if (cell.kind != CellKind::kExtremeBytes) {
      out.append(reinterpret_cast<const char*>(words), cell.num_words * sizeof(uint64_t));
      continue;
    }
    std::string_view bytes = words[3] == 0 ? std::string_view() : BytesOfCell(words);
    auto length = static_cast<uint32_t>(words[3] == 0 ? 0 : bytes.size() + 1);
    out.append(reinterpret_cast<const char*>(&length), sizeof(length));
    out.append(bytes);
  }
}

absl::Status AggregateLayout::Merge(std::string_view packed, uint32_t group, CellRows into) const {
  if (packed.empty() || packed[0] != kPackedVersion) {
    return Damaged(packed.empty() ? "it is empty" : "its version is not 1", packed);
  }
  std::string_view rest = packed.substr(1);
  for (const AggregateCell& cell : cells_) {
    uint64_t* held = into.At(group, cell);
    bool is_max = cell.function == AggregateFunction::kMax;
    if (cell.kind == CellKind::kExtremeBytes) {
      uint32_t length = 0;
      if (rest.size() < sizeof(length)) return Damaged("it is cut short", packed);
      std::memcpy(&length, rest.data(), sizeof(length));
      rest.remove_prefix(sizeof(length));
      if (length == 0) continue;
      if (rest.size() < length - 1) return Damaged("it is cut short", packed);
      std::string_view value = rest.substr(0, length - 1);
      is_max ? TakeExtremeBytes<true>(value, held, *into.arena) : TakeExtremeBytes<false>(value, held, *into.arena);
      rest.remove_prefix(length - 1);
      continue;
    }
    uint64_t words[4];
    size_t size = cell.num_words * sizeof(uint64_t);
    if (rest.size() < size) return Damaged("it is cut short", packed);
    std::memcpy(words, rest.data(), size);
    rest.remove_prefix(size);
    switch (cell.kind) {
      case CellKind::kCount:
        held[0] += words[0];
        break;
      case CellKind::kIntSum:
        held[0] += words[0];
        held[1] += words[1];
        break;
      case CellKind::kDoubleSum:
        AddDouble(std::bit_cast<double>(words[0]), words[1], held);
        break;
      case CellKind::kMoments:
        AddMoments(std::bit_cast<double>(words[0]), std::bit_cast<double>(words[1]), words[2], held);
        break;
      case CellKind::kDecimalSum:
        AddInt192(words, words[3], held);
        break;
      default:
        MergeExtreme(is_max, cell, words, held);
    }
  }
  return rest.empty() ? absl::OkStatus() : Damaged("bytes are left over", packed);
}

}  // namespace millrace
