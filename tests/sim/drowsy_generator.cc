#include "tests/sim/drowsy_generator.h"

#include <utility>
#include <vector>

#include "base/macros.h"
#include "connectors/generator/generator_connector.h"
#include "connectors/generator/generator_options.h"
#include "connectors/generator/generator_source.h"
#include "tests/planted/planted_switch.h"

namespace millrace::sim {
namespace {

constexpr int64_t kNapBegins = 100;  // position
constexpr int64_t kNapEnds = 160;
constexpr absl::Duration kNap = absl::Milliseconds(450);

class DrowsySource final : public Source {
 public:
  DrowsySource(SourceSpec spec, GeneratorOptions options, const Clock* clock)
      : spec_(std::move(spec)), options_(std::move(options)), clock_(clock), sleeper_(GeneratorSplitId(SleepySplit(options_.seed))) {}

  absl::Status Open(std::span<const storage::v1::SplitState> splits, std::string_view system_id, std::function<void()> wake) override {
    system_id_ = system_id;
    wake_ = std::move(wake);
    return AddSplits(splits);
  }
  absl::Status AddSplits(std::span<const storage::v1::SplitState> splits) override {
    for (const auto& split : splits) {
      ASSIGN_OR_RETURN(auto one, GeneratorSource::Make(spec_, options_, clock_, nullptr));
      RETURN_IF_ERROR(one->Open({&split, 1}, system_id_, wake_));
      progress_.push_back(one->splits()[0]);
      sources_.push_back(std::move(one));
    }
    return absl::OkStatus();
  }
  absl::StatusOr<std::optional<SourceBatch>> Poll() override {
    // The others have rows as soon as they are asked.
    for (SplitProgress& split : progress_) split.at_end = split.finished || Sleeps(split);
    for (size_t tried = 0; tried < sources_.size(); ++tried) {
      size_t split = next_++ % sources_.size();
      if (Sleeps(progress_[split])) continue;
      ASSIGN_OR_RETURN(std::optional<SourceBatch> batch, sources_[split]->Poll());
      progress_[split] = sources_[split]->splits()[0];
      progress_[split].at_end = progress_[split].finished;
      if (!batch.has_value()) continue;
      for (SplitRun& run : batch->runs) run.split = static_cast<int>(split);
      if (IsPlantedBug("dead_letters_held_back")) std::swap(batch->dead_letters, held_back_);
      return batch;
    }
    return std::nullopt;
  }
  std::span<const SplitProgress> splits() const override { return progress_; }
  void OnCheckpointComplete(std::span<const storage::v1::SplitState> /*splits*/) override {}
  void Close() override {
    for (auto& source : sources_) source->Close();
  }

 private:
  // Once per deployment that comes by.
  bool Sleeps(const SplitProgress& split) {
    if (split.id != sleeper_ || split.position < kNapBegins || split.position >= kNapEnds) return false;
    absl::Duration now = clock_->Monotonic();
    if (wakes_at_ == absl::ZeroDuration()) wakes_at_ = now + kNap;
    return now < wakes_at_;
  }

  const SourceSpec spec_;
  const GeneratorOptions options_;
  const Clock* const clock_;
  const std::string sleeper_;
  std::string system_id_;
  std::function<void()> wake_;
  std::vector<std::unique_ptr<Source>> sources_;  // one per split
  std::vector<SplitProgress> progress_;
  size_t next_ = 0;
  absl::Duration wakes_at_;
  BatchPtr held_back_;
};

class DrowsyGenerator final : public SourceConnector {
 public:
  explicit DrowsyGenerator(const ConnectorEnvironment& environment)
      : environment_(environment), generator_(MakeGeneratorConnector(environment)) {}
  std::vector<std::string> Validate(const v1::Source& source) const override { return generator_->Validate(source); }
  bool IsBounded(const v1::Source& source) const override { return generator_->IsBounded(source); }
  absl::StatusOr<std::unique_ptr<SourceCatalog>> OpenCatalog(const SourceSpec& spec) const override {
    return generator_->OpenCatalog(spec);
  }
  absl::StatusOr<std::unique_ptr<Source>> MakeSource(const SourceSpec& spec) const override {
    std::vector<std::string> mistakes;
    GeneratorOptions options = GeneratorOptions::Parse(spec.source, &mistakes);
    return std::make_unique<DrowsySource>(spec, std::move(options), environment_.clock);
  }

 private:
  const ConnectorEnvironment environment_;
  const std::unique_ptr<SourceConnector> generator_;
};

}  // namespace

std::unique_ptr<SourceConnector> MakeDrowsyGenerator(const ConnectorEnvironment& environment) {
  return std::make_unique<DrowsyGenerator>(environment);
}

}  // namespace millrace::sim
