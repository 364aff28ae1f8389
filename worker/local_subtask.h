#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/memory_account.h"
#include "millrace/internal/v1/control.pb.h"
#include "worker/shuffle/channel.h"
#include "worker/shuffle/exchange_writer.h"
#include "worker/subtask.h"
#include "worker/subtask_probe.h"

namespace millrace {

// A subtask of a deployment on this worker, and what it is connected with.
struct LocalSubtask {
  internal::v1::SubtaskRef ref;
  const internal::v1::Stage* stage = nullptr;
  Executor* executor = nullptr;
  std::shared_ptr<MemoryAccount> slot_memory;
  std::shared_ptr<Subtask> subtask;
  std::shared_ptr<Subtask::Parts> parts;  // until it starts
  // Exchange by exchange, and by writer within one.
  std::vector<std::shared_ptr<Channel>> inbound;
  // How many of them each exchange has.
  std::map<uint32_t, size_t> channels_in;
  // By operator and output.
  std::map<std::pair<std::string, uint32_t>, std::vector<ExchangeWriter*>> exchanges_out;
  bool has_source = false;
  std::shared_ptr<SubtaskProbe> probe;
};

}  // namespace millrace
