#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/memory_blob_store.h"
#include "coordinator/coordinator.h"
#include "coordinator/file_metadata_store.h"
#include "server/coordinator_control.h"
#include "tests/coordinator/fake_transport.h"
#include "tests/fuzz/one_thread.h"

namespace millrace {

// One store under every URI.
class OneBlobStore final : public BlobStoreFactory {
 public:
  absl::StatusOr<std::shared_ptr<BlobStore>> Open(std::string_view) override { return store; }
  const std::shared_ptr<MemoryBlobStore> store = std::make_shared<MemoryBlobStore>();
};

// The connectors as built in, but that there is no Kafka: its options and columns are checked, and every broker is
// unreachable; and that a generator pauses for ever after some hundred rows.
ConnectorRegistry OfflineConnectors(const ConnectorEnvironment& environment);

// The worker's end of a control stream, which sends any bytes.
class ControlPeer {
 public:
  ControlPeer(Transport* transport, Executor* executor);
  void Send(std::string bytes) { stream_->Send(std::move(bytes)); }

  std::vector<std::string> received;
  std::optional<absl::Status> closed;

 private:
  std::unique_ptr<Stream> stream_;
};

// A coordinator that leads, with everything it needs, in memory and on one thread. Two pipelines are stored: "made",
// and "begun", which has been started, and waits for the subtasks that it has placed on worker "w" to report.
class InMemoryCoordinator {
 public:
  InMemoryCoordinator();
  ~InMemoryCoordinator();

  // Time, and at most so much work as is sensible in answer to one request.
  void Pass(absl::Duration span) { time.Pass(span, 5000); }
  // Of the pipelines' records, attempted or not.
  uint64_t num_writes() const;
  absl::StatusOr<storage::v1::PipelineRecord> RecordOf(const std::string& pipeline);

  OneThread time;
  FakeTransport transport;
  std::unique_ptr<ControlPeer> worker;
  std::unique_ptr<CoordinatorControl> control;

 private:
  class CountingStore;
  class Leads;

  OneBlobStore blobs_;
  MemoryBlobStore metadata_blobs_;
  ConnectorRegistry connectors_;
  std::unique_ptr<CountingStore> metadata_;
  std::unique_ptr<Leads> leadership_;
  std::unique_ptr<Coordinator> coordinator_;
  bool is_ready_ = false;  // the two pipelines are stored: whatever comes now is looked at
};

}  // namespace millrace
