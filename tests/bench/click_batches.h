#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "millrace/internal/v1/control.pb.h"
#include "worker/operator.h"

namespace millrace {

// Decoded clicks: user_id BIGINT, event_time TIMESTAMP(3), amount BIGINT; 100,000 a second of event time, users drawn
// uniformly.
std::vector<BatchPtr> ClickBatches(int num_batches, int64_t rows_per_batch, uint64_t num_users, uint64_t seed);

// The plan of count and sum of clicks per user and 10 s.
internal::v1::ChainNode ClickWindowNode();

}  // namespace millrace
