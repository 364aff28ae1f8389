#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "connectors/registry.h"

namespace millrace {

// A topic and a table, as the coordinator sees them.
struct FakeOutside {
  std::vector<std::string> splits = {"t/0", "t/1", "t/2"};
  absl::Status topic;
  absl::Status table;
  std::string table_id = "table-1";
  std::string expected_table_id;  // as the coordinator said it last
  std::vector<EpochInTable> committed;
  Epoch last_committed = Epoch(1'000'000);  // further than anybody asks
  int num_prepared = 0;
  int num_opened = 0;
};

class FakeSourceConnector final : public SourceConnector {
 public:
  explicit FakeSourceConnector(FakeOutside* outside) : outside_(outside) {}
  std::vector<std::string> Validate(const v1::Source&) const override { return {}; }
  absl::StatusOr<std::unique_ptr<Source>> MakeSource(const SourceSpec&) const override {
    return absl::UnimplementedError("a coordinator makes no source");
  }
  absl::StatusOr<std::unique_ptr<SourceCatalog>> OpenCatalog(const SourceSpec&) const override {
    ++outside_->num_opened;
    if (!outside_->topic.ok()) return outside_->topic;
    return std::make_unique<Catalog>(outside_);
  }

 private:
  class Catalog final : public SourceCatalog {
   public:
    explicit Catalog(FakeOutside* outside) : outside_(outside) {}
    absl::StatusOr<std::string> SystemId() override { return "cluster"; }
    absl::StatusOr<std::vector<std::string>> ListSplits() override { return outside_->splits; }
    absl::StatusOr<std::vector<storage::v1::SplitState>> ResolveStart(const std::vector<std::string>& ids) override {
      return At(ids, 100);
    }
    absl::StatusOr<std::vector<storage::v1::SplitState>> ResolveNew(const std::vector<std::string>& ids) override {
      return At(ids, 0);
    }
    absl::Duration discovery_interval() const override { return absl::Seconds(1); }

   private:
    static std::vector<storage::v1::SplitState> At(const std::vector<std::string>& ids, int64_t position) {
      std::vector<storage::v1::SplitState> splits;
      for (const std::string& id : ids) {
        splits.emplace_back().set_id(id);
        splits.back().set_position(position);
        splits.back().set_end_position(-1);
      }
      return splits;
    }
    FakeOutside* const outside_;
  };
  FakeOutside* const outside_;
};

class FakeSinkConnector final : public SinkConnector {
 public:
  explicit FakeSinkConnector(FakeOutside* outside) : outside_(outside) {}
  std::vector<std::string> Validate(const v1::Sink&, const arrow::Schema&) const override { return {}; }
  absl::StatusOr<std::unique_ptr<Sink>> MakeSink(const SinkSpec&) const override {
    return absl::UnimplementedError("a coordinator makes no sink");
  }
  absl::StatusOr<std::unique_ptr<Committer>> MakeCommitter(const SinkSpec&) const override {
    return absl::UnimplementedError("a coordinator makes no committer");
  }
  absl::StatusOr<std::unique_ptr<SinkCatalog>> OpenCatalog(const SinkSpec&) const override {
    return std::make_unique<Catalog>(outside_);
  }

 private:
  class Catalog final : public SinkCatalog {
   public:
    explicit Catalog(FakeOutside* outside) : outside_(outside) {}
    absl::StatusOr<std::string> Prepare(const CommitIdentity&, std::string_view table_id) override {
      ++outside_->num_prepared;
      outside_->expected_table_id = table_id;
      if (!outside_->table.ok()) return outside_->table;
      return outside_->table_id;
    }
    absl::StatusOr<Epoch> LastCommitted(const CommitIdentity&) override { return outside_->last_committed; }
    absl::StatusOr<std::vector<EpochInTable>> CommittedAfter(const CommitIdentity&, std::string_view, Epoch after) override {
      std::vector<EpochInTable> above;
      for (const EpochInTable& there : outside_->committed) {
        if (there.epoch > after) above.push_back(there);
      }
      return above;
    }

   private:
    FakeOutside* const outside_;
  };
  FakeOutside* const outside_;
};

}  // namespace millrace
