#include "tests/sim/state_watch.h"

#include <xxhash.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>

#include "state/snapshot_files.h"
#include "tests/sim/promises.h"

namespace millrace::sim {
namespace {

constexpr std::string_view kMagic = "millrace state memory-1\n";
constexpr uint32_t kGroups = 720;
// Of the operators' tables: rows without a key, which belong to the empty one; and, from the second one on, values that
// belong to the group of a row in the first table whose key they begin with.
constexpr uint32_t kTableWithoutKeys = 2;
constexpr uint32_t kFirstTableOfValues = 16;

uint64_t TakeNumber(std::string_view& in, size_t bytes) {
  uint64_t number = 0;
  for (size_t i = 0; i < bytes; ++i) number = number << 8 | static_cast<uint8_t>(in.at(i));
  in.remove_prefix(bytes);
  return number;
}

std::string_view TakeField(std::string_view& in) {
  size_t size = TakeNumber(in, 4);
  std::string_view field = in.substr(0, size);
  in.remove_prefix(field.size());
  return field;
}

StateRow TakeRow(std::string_view& in) {
  StateRow row;
  std::string_view key = TakeField(in);
  row.value = TakeField(in);
  row.group = static_cast<uint32_t>(TakeNumber(key, 2));
  row.table = static_cast<uint32_t>(TakeNumber(key, 2));
  row.slice = static_cast<int64_t>(TakeNumber(key, 8) ^ (uint64_t{1} << 63));
  row.key = key;
  return row;
}

bool IsInItsGroup(const StateRow& row) {
  if (row.table >= kFirstTableOfValues) return true;
  const std::string_view key = row.table == kTableWithoutKeys ? std::string_view() : std::string_view(row.key);
  return XXH3_64bits(key.data(), key.size()) % kGroups == row.group;
}

// The first value that belongs to nothing; null: there is none.
const StateRow* FindStray(const std::vector<StateRow>& rows) {
  std::set<std::tuple<uint32_t, int64_t, std::string_view>> keys;
  for (const StateRow& row : rows) {
    if (row.table < kFirstTableOfValues) keys.emplace(row.group, row.slice, row.key);
  }
  for (const StateRow& row : rows) {
    bool belongs = row.table < kFirstTableOfValues;
    const std::string_view key = row.key;
    for (size_t size = 0; !belongs && size < key.size(); ++size) belongs = keys.contains({row.group, row.slice, key.substr(0, size)});
    if (!belongs) return &row;
  }
  return nullptr;
}

}  // namespace

ReadState ReadOperatorState(MemoryBlobStore& store, const storage::v1::Manifest& manifest, const std::string& uid) {
  ReadState read;
  const std::string where = Cat("operator ", uid, " in epoch ", manifest.epoch());
  std::vector<const storage::v1::SnapshotHandle*> handles;
  for (const auto& state : manifest.operators()) {
    if (state.uid() != uid) continue;
    for (const auto& handle : state.handles()) handles.push_back(&handle);
  }
  std::sort(handles.begin(), handles.end(),
            [](const auto* a, const auto* b) { return a->first_key_group() < b->first_key_group(); });
  uint32_t next = 0;
  std::set<std::tuple<uint32_t, int64_t, std::string>> seen;
  for (const auto* handle : handles) {
    if (handle->first_key_group() != next) {
      read.broken = Broken(Promise::kState, where, ": key groups ", std::min(next, handle->first_key_group()), " to ",
                           std::max(next, handle->first_key_group()), " are there twice or not at all");
      return read;
    }
    next = handle->end_key_group();
    for (const auto& file : handle->files()) {
      auto bytes = GetSnapshotFile(store, file);
      if (!bytes.ok()) {
        read.broken = Broken(Promise::kFiles, where, ": ", bytes.status().message());
        return read;
      }
      std::string_view rest = *bytes;
      if (!rest.starts_with(kMagic)) continue;  // another format
      rest.remove_prefix(kMagic.size());
      while (!rest.empty()) {
        StateRow row = TakeRow(rest);
        bool is_in_range = row.group >= handle->first_key_group() && row.group < handle->end_key_group();
        auto floor = handle->slice_floors().find(row.table);
        bool is_expired = floor != handle->slice_floors().end() && row.slice < floor->second;
        if (!IsInItsGroup(row) || !is_in_range || is_expired ||
            !seen.emplace(row.table, row.slice, row.key).second) {
          read.broken = Broken(Promise::kState, where, ": the row of key ", row.key.substr(1), ", slice ", row.slice,
                               ", in group ", row.group, " does not belong into groups ", handle->first_key_group(), " to ",
                               handle->end_key_group(), ", or is there twice");
          return read;
        }
        read.rows.push_back(std::move(row));
      }
    }
  }
  if (const StateRow* stray = FindStray(read.rows); stray != nullptr) {
    read.broken = Broken(Promise::kState, where, ": a value in group ", stray->group, ", slice ", stray->slice, ", belongs to no key");
  }
  if (next != kGroups) read.broken = Broken(Promise::kState, where, ": key groups from ", next, " on are in no snapshot");
  return read;
}

std::string StateWatch::OnCompleted(MemoryBlobStore& store, const storage::v1::Manifest& manifest) {
  Digest digest;
  digest.epoch = manifest.epoch();
  digest.parallelism = manifest.parallelism();
  for (const auto& source : manifest.sources()) {
    for (const auto& split : source.splits()) digest.stands += Cat(split.id(), ":", split.position(), " ");
  }
  for (const auto& state : manifest.operators()) {
    digest.stands += Cat(state.uid(), ":", state.watermark_micros(), " ");
    ReadState read = ReadOperatorState(store, manifest, state.uid());
    if (!read.broken.empty()) return read.broken;
    uint64_t& sum = digest.state[state.uid()];
    for (const StateRow& row : read.rows) {
      const std::string bytes = Cat(row.table, " ", row.slice, " ", row.key, " ", row.value);
      sum += XXH3_64bits(bytes.data(), bytes.size());
    }
  }
  if (digest.stands == last_.stands && digest.state != last_.state) {
    return Broken(Promise::kState, "epoch ", digest.epoch, " at parallelism ", digest.parallelism,
                  " has another state than epoch ", last_.epoch, " at parallelism ", last_.parallelism,
                  ", though nothing was read and no time passed");
  }
  last_ = std::move(digest);
  return "";
}

}  // namespace millrace::sim
