#include "connectors/blackhole/blackhole_connector.h"

#include <arrow/record_batch.h>

#include <utility>

#include "base/error.h"
#include "connectors/row_count_committer.h"

namespace millrace {
namespace {

class StagedCount final : public StagedEpoch {
 public:
  explicit StagedCount(uint64_t num_rows) : num_rows_(num_rows) {}
  absl::StatusOr<std::string> Persist() override { return RowCountCommittable(num_rows_); }

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
    return MakeForgetfulCatalog();
  }
  absl::StatusOr<std::unique_ptr<Sink>> MakeSink(const SinkSpec&) const override {
    return std::make_unique<BlackholeSink>();
  }
  absl::StatusOr<std::unique_ptr<Committer>> MakeCommitter(const SinkSpec&) const override {
    return MakeRowCountCommitter("blackhole");
  }
};

}  // namespace

std::unique_ptr<SinkConnector> MakeBlackholeConnector() { return std::make_unique<BlackholeConnector>(); }

}  // namespace millrace
