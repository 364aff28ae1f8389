#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace millrace {

// The numbers of the keys, in ascending order of their bytes. Equal keys keep their order.
//
// Keys of a state table share long beginnings (key group, table, slice). Comparing them byte by byte costs most of a
// sort, so what a run of keys has in common is skipped, and the eight bytes behind it are compared as one number (the
// idea of multikey quicksort: Bentley and Sedgewick, 1997).
std::vector<uint32_t> KeyOrder(std::span<const std::string_view> keys);

}  // namespace millrace
