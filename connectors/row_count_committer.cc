#include "connectors/row_count_committer.h"

#include "absl/strings/numbers.h"
#include "base/error.h"

namespace millrace {
namespace {

constexpr std::string_view kVersionPrefix = "1:";

class RowCountCommitter final : public Committer {
 public:
  explicit RowCountCommitter(std::string what) : what_(std::move(what)) {}
  absl::StatusOr<CommitReceipt> Commit(const CommitRequest& request) override {
    CommitReceipt receipt;
    for (const auto& committable : request.committables) {
      if (committable.bytes().empty()) continue;
      std::string_view bytes = committable.bytes();
      uint64_t num_rows = 0;
      if (!bytes.starts_with(kVersionPrefix) ||
          !absl::SimpleAtoi(AbslView(bytes.substr(kVersionPrefix.size())), &num_rows)) {
        return DataLoss("commit epoch ", request.epoch.value(), " to ", what_, ": a committable is not one of version 1");
      }
      receipt.num_rows += num_rows;
    }
    return receipt;
  }
  absl::StatusOr<CommitReceipt> Fence(Generation, Epoch, std::string_view) override { return CommitReceipt{}; }

 private:
  const std::string what_;
};

class ForgetfulCatalog final : public SinkCatalog {
 public:
  absl::StatusOr<std::string> Prepare(const CommitIdentity&, std::string_view) override { return std::string(); }
  // It remembers nothing.
  absl::StatusOr<Epoch> LastCommitted(const CommitIdentity&) override { return Epoch(); }
  absl::StatusOr<std::vector<EpochInTable>> CommittedAfter(const CommitIdentity&, std::string_view, Epoch) override {
    return std::vector<EpochInTable>();
  }
};

}  // namespace

std::string RowCountCommittable(uint64_t num_rows) { return Cat(kVersionPrefix, num_rows); }

std::unique_ptr<Committer> MakeRowCountCommitter(std::string what) { return std::make_unique<RowCountCommitter>(std::move(what)); }

std::unique_ptr<SinkCatalog> MakeForgetfulCatalog() { return std::make_unique<ForgetfulCatalog>(); }

}  // namespace millrace
