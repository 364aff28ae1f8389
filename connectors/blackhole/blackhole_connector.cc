#include "connectors/blackhole/blackhole_connector.h"

#include <arrow/record_batch.h>

#include <utility>

#include "absl/strings/numbers.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {
namespace {

// Version 1 of a committable: "1:<number of rows>".
constexpr std::string_view kVersionPrefix = "1:";

class StagedCount final : public StagedEpoch {
 public:
  explicit StagedCount(uint64_t num_rows) : num_rows_(num_rows) {}
  absl::StatusOr<std::string> Persist() override { return Cat(kVersionPrefix, num_rows_); }

 private:
  const uint64_t num_rows_;
};

class BlackholeSink final : public Sink {
 public:
  absl::Status Write(const arrow::RecordBatch& rows) override {
    num_rows_ += static_cast<uint64_t>(rows.num_rows());
    return absl::OkStatus();
  }
  absl::StatusOr<std::unique_ptr<StagedEpoch>> Seal(Epoch) override {
    if (num_rows_ == 0) return nullptr;
    return std::make_unique<StagedCount>(std::exchange(num_rows_, 0));
  }
  uint64_t buffered_bytes() const override { return 0; }

 private:
  uint64_t num_rows_ = 0;
};

class BlackholeCommitter final : public Committer {
 public:
  absl::StatusOr<CommitReceipt> Commit(const CommitRequest& request) override {
    CommitReceipt receipt;
    for (const auto& committable : request.committables) {
      if (committable.bytes().empty()) continue;
      std::string_view bytes = committable.bytes();
      uint64_t num_rows = 0;
      if (!bytes.starts_with(kVersionPrefix) ||
          !absl::SimpleAtoi(AbslView(bytes.substr(kVersionPrefix.size())), &num_rows)) {
        return DataLoss("commit epoch ", request.epoch.value(), " to blackhole: a committable is not one of version 1");
      }
      receipt.num_rows += num_rows;
    }
    return receipt;
  }
  absl::StatusOr<CommitReceipt> Fence(Generation, Epoch, std::string_view) override { return CommitReceipt{}; }
};

class BlackholeCatalog final : public SinkCatalog {
 public:
  absl::StatusOr<std::string> Prepare(const CommitIdentity&, std::string_view) override { return std::string(); }
  // It remembers nothing.
  absl::StatusOr<Epoch> LastCommitted(const CommitIdentity&) override { return Epoch(); }
  absl::StatusOr<std::vector<EpochInTable>> CommittedAfter(const CommitIdentity&, std::string_view, Epoch) override {
    return std::vector<EpochInTable>();
  }
};

class BlackholeConnector final : public SinkConnector {
 public:
  std::vector<std::string> Validate(const v1::Sink& sink, const arrow::Schema&) const override {
    std::map<std::string, std::string> options(sink.options().begin(), sink.options().end());
    std::vector<std::string> mistakes;
    for (const auto& [name, value] : options)
      mistakes.push_back(Cat("there is no option '", name, "'; blackhole has none"));
    if (sink.partition_by_size() > 0) mistakes.push_back("blackhole keeps no table, so it cannot be partitioned");
    return mistakes;
  }
  absl::StatusOr<std::unique_ptr<SinkCatalog>> OpenCatalog(const SinkSpec&) const override {
    return std::make_unique<BlackholeCatalog>();
  }
  absl::StatusOr<std::unique_ptr<Sink>> MakeSink(const SinkSpec&) const override {
    return std::make_unique<BlackholeSink>();
  }
  absl::StatusOr<std::unique_ptr<Committer>> MakeCommitter(const SinkSpec&) const override {
    return std::make_unique<BlackholeCommitter>();
  }
};

}  // namespace

std::unique_ptr<SinkConnector> MakeBlackholeConnector() { return std::make_unique<BlackholeConnector>(); }

}  // namespace millrace
