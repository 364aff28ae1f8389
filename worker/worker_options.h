#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "base/blob_store.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/memory_account.h"
#include "base/metrics.h"
#include "base/transport.h"
#include "connectors/registry.h"
#include "state/state_backend.h"

namespace millrace {

// What a worker uses of its process. Everything is borrowed and outlives the worker.
struct WorkerOptions {
  const Clock* clock = nullptr;
  // The worker's own loop: deployments, the control stream, the receiving end of the shuffle.
  Executor* executor = nullptr;
  // Makes one executor per slot.
  ExecutorFactory* executors = nullptr;
  IoPool* io_pool = nullptr;
  Transport* transport = nullptr;
  BlobStoreFactory* blob_stores = nullptr;
  StateBackendFactory* state_backends = nullptr;
  const ConnectorRegistry* connectors = nullptr;
  Metrics* metrics = nullptr;
  Logger log = Logger::Discard();

  // New for every process.
  std::string worker_id;
  uint32_t num_slots = 1;
  std::string shuffle_address;
  std::string coordinator_address;
  std::string version;
  // Between two watermarks of a source. Smaller: lower latency, less combining in front of the shuffle.
  absl::Duration watermark_interval = absl::Milliseconds(200);
  // In flight per channel. Larger: longer alignment; smaller: more waiting.
  size_t channel_limit_bytes = 1 << 20;
  // What the process's memory is charged to, and its budgets; that for state is shared equally by the slots. Null: an
  // account of the worker's own, without budgets.
  std::shared_ptr<MemoryAccount> memory;
  absl::Duration heartbeat_interval = absl::Seconds(1);
  absl::Duration reconnect_delay = absl::Milliseconds(500);
  // The randomness of its expressions. New for every process.
  uint64_t seed = 0;
};

}  // namespace millrace
