#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace millrace {

// Bytes that live as long as their table: keys, and the strings of MIN and MAX. Addresses are stable.
//
// Thread:  confined to its table's.
class ByteArena {
 public:
  char* Allocate(size_t size) {
    if (size > room_) Grow(size);
    char* place = next_;
    next_ += size;
    room_ -= size;
    return place;
  }
  std::string_view Copy(std::string_view bytes) {
    char* place = Allocate(bytes.size());
    if (!bytes.empty()) std::memcpy(place, bytes.data(), bytes.size());
    return {place, bytes.size()};
  }
  size_t reserved_bytes() const { return reserved_bytes_; }

 private:
  static constexpr size_t kFirstChunk = 1024;
  static constexpr size_t kLargestChunk = 1 << 20;

  void Grow(size_t size) {
    size_t chunk = next_chunk_;
    if (next_chunk_ < kLargestChunk) next_chunk_ *= 2;
    if (chunk < size) chunk = size;
    chunks_.push_back(std::make_unique<char[]>(chunk));
    next_ = chunks_.back().get();
    room_ = chunk;
    reserved_bytes_ += chunk;
  }

  std::vector<std::unique_ptr<char[]>> chunks_;
  char* next_ = nullptr;
  size_t room_ = 0;
  size_t next_chunk_ = kFirstChunk;
  size_t reserved_bytes_ = 0;
};

}  // namespace millrace
