#pragma once

#include <algorithm>
#include <limits>
#include <map>

#include "state/state_backend.h"

namespace millrace {

// Says which rows have expired: those of a table whose slice is below the table's floor. Floors only rise.
//
// Thread:  one at a time.
class SliceFloors {
 public:
  SliceFloors() = default;
  explicit SliceFloors(const storage::v1::SnapshotHandle& handle) {
    for (const auto& [table, floor] : handle.slice_floors()) floors_[static_cast<TableId>(table)] = floor;
  }

  bool Expired(TableId table, Slice slice) const { return slice < Of(table); }
  // The lowest slice that is still there.
  Slice Of(TableId table) const {
    auto found = floors_.find(table);
    return found == floors_.end() ? std::numeric_limits<Slice>::min() : found->second;
  }
  // False: it was as high already.
  bool Raise(TableId table, Slice floor) {
    if (floor <= Of(table)) return false;
    floors_[table] = floor;
    return true;
  }
  // Lowers every floor to the other's: what both have dropped stays dropped, and no row of either is lost.
  void MeetWith(const SliceFloors& other) {
    for (auto at = floors_.begin(); at != floors_.end();) {
      auto found = other.floors_.find(at->first);
      if (found == other.floors_.end()) {
        at = floors_.erase(at);
      } else {
        at->second = std::min(at->second, found->second);
        ++at;
      }
    }
  }
  void WriteTo(storage::v1::SnapshotHandle& handle) const {
    for (const auto& [table, floor] : floors_) (*handle.mutable_slice_floors())[table] = floor;
  }

 private:
  std::map<TableId, Slice> floors_;
};

}  // namespace millrace
