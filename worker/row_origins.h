#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "connectors/record_place.h"
#include "connectors/source.h"

namespace millrace {

// Which records the rows of a batch came from. It goes with the batch from operator to operator of a chain, on the
// stack of their calls, and costs nothing per row: what a source read, and which rows each operator took of those that
// it was given, is put together only when a row fails.
//
//   batch of the source ◄── rows that a filter took ◄── rows that unnest repeated ◄── …
//
// Borrows: all that it is made of. Lives as long as the call that hands the batch on.
class RowOrigins {
 public:
  // Of rows as a source handed them out.
  RowOrigins(const SourceBatch& batch, std::span<const SplitProgress> splits) : batch_(&batch), splits_(splits) {}
  // Row i is row taken[i] of those that `before` tells of.
  RowOrigins(const RowOrigins& before, std::span<const uint32_t> taken) : before_(&before), taken_(taken) {}

  // Of the rows with these numbers, in their order.
  std::vector<RecordPlace> PlacesOf(std::vector<uint32_t> rows) const;

 private:
  std::vector<RecordPlace> PlacesInBatch(const std::vector<uint32_t>& rows) const;

  // Either these two or those.
  const RowOrigins* before_ = nullptr;
  std::span<const uint32_t> taken_;
  const SourceBatch* batch_ = nullptr;
  std::span<const SplitProgress> splits_;
};

}  // namespace millrace
