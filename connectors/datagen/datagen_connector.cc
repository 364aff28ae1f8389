#include "connectors/datagen/datagen_connector.h"

#include "absl/strings/numbers.h"
#include "arrow/array.h"
#include "arrow/builder.h"
#include "arrow/record_batch.h"
#include "arrow/type.h"
#include "base/arrow_status.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/macros.h"
#include "connectors/datagen/datagen_column.h"
#include "connectors/generator/paced_splits.h"

namespace millrace {
namespace {

constexpr const char* kName = "datagen";
constexpr int64_t kRowsPerBatch = 1024;

absl::StatusOr<DatagenOptions> ParseOrFail(const v1::Source& source) {
  std::vector<std::string> mistakes;
  DatagenOptions options = DatagenOptions::Parse(source, &mistakes);
  if (!mistakes.empty()) return InvalidArgument(mistakes.front());
  return options;
}

// "datagen <definition> <ms of the epoch>": what rows there are, and since when.
std::string IdentityPrefix(const DatagenOptions& options) { return Cat("datagen ", options.definition, " "); }

class DatagenCatalog final : public SourceCatalog {
 public:
  DatagenCatalog(DatagenOptions options, const Clock* clock) : options_(std::move(options)), clock_(clock) {}
  absl::StatusOr<std::string> SystemId() override { return Cat(IdentityPrefix(options_), absl::ToUnixMillis(clock_->Now())); }
  absl::StatusOr<std::vector<std::string>> ListSplits() override {
    std::vector<std::string> ids;
    for (int64_t i = 0; i < options_.num_splits; ++i) ids.push_back(PacedSplits::IdOf(kName, i));
    return ids;
  }
  absl::StatusOr<std::vector<storage::v1::SplitState>> ResolveStart(const std::vector<std::string>& split_ids) override {
    std::vector<storage::v1::SplitState> states;
    for (const std::string& id : split_ids) {
      storage::v1::SplitState& state = states.emplace_back();
      state.set_id(id);
      int64_t number = 0;
      if (!absl::SimpleAtoi(id.substr(id.find('/') + 1), &number)) return InvalidArgument("datagen has no split ", id);
      // Rows number, number + num_splits, … below num_rows.
      const int64_t rest = options_.num_rows - number;
      state.set_end_position(options_.num_rows < 0 ? -1 : rest <= 0 ? 0 : (rest - 1) / options_.num_splits + 1);
    }
    return states;
  }
  absl::StatusOr<std::vector<storage::v1::SplitState>> ResolveNew(const std::vector<std::string>& split_ids) override {
    return ResolveStart(split_ids);
  }
  absl::Duration discovery_interval() const override { return absl::ZeroDuration(); }

 private:
  const DatagenOptions options_;
  const Clock* const clock_;
};

class DatagenSource final : public Source {
 public:
  DatagenSource(DatagenOptions options, std::vector<DatagenField> fields, std::shared_ptr<arrow::Schema> schema, const Clock* clock,
                IoPool* io_pool)
      : options_(std::move(options)),
        fields_(std::move(fields)),
        schema_(std::move(schema)),
        splits_({kName, options_.num_splits, static_cast<double>(options_.rows_per_second)}, clock, io_pool) {}

  absl::Status Open(std::span<const storage::v1::SplitState> splits, std::string_view system_id, std::function<void()> wake) override {
    const std::string prefix = IdentityPrefix(options_);
    if (!system_id.starts_with(prefix) || !absl::SimpleAtoi(AbslView(system_id.substr(prefix.size())), &started_ms_)) {
      return DataLoss("open datagen: the rows are not those of the checkpoint: checkpoint: ", system_id, ", now: ", prefix,
                      "…; options and columns must be what they were");
    }
    splits_.SetWake(std::move(wake));
    return splits_.Add(splits);
  }
  absl::Status AddSplits(std::span<const storage::v1::SplitState> splits) override { return splits_.Add(splits); }
  absl::StatusOr<std::optional<SourceBatch>> Poll() override {
    std::optional<PacedSplits::Range> due = splits_.NextDue(kRowsPerBatch);
    if (!due.has_value()) return std::nullopt;
    SourceBatch batch;
    arrow::ArrayVector columns;
    for (const DatagenField& field : fields_) {
      ASSIGN_OR_RETURN(auto builder, FromArrow(arrow::MakeBuilder(field.type)));
      for (int64_t at = due->begin; at < due->end; ++at) RETURN_IF_ERROR(AppendDatagenValue(field, RowAt(due->number, at), builder.get()));
      ASSIGN_OR_RETURN(columns.emplace_back(), FromArrow(builder->Finish()));
    }
    batch.num_records = due->end - due->begin;
    batch.rows = arrow::RecordBatch::Make(schema_, batch.num_records, std::move(columns));
    batch.runs.push_back({.split = static_cast<int>(due->split), .num_rows = batch.num_records, .first_position = due->begin});
    splits_.Took(*due);
    return batch;
  }
  std::span<const SplitProgress> splits() const override { return splits_.progress(); }
  void OnCheckpointComplete(std::span<const storage::v1::SplitState> /*splits*/) override {}
  void Close() override { splits_.Close(); }

 private:
  DatagenRow RowAt(int64_t split, int64_t position) const {
    DatagenRow row{.seed = options_.seed, .number = position * options_.num_splits + split};
    // In two steps, since a number of rows times a million may not fit.
    const int64_t seconds = row.number / options_.rows_per_second;
    const int64_t rest = row.number % options_.rows_per_second;
    const auto within = static_cast<int64_t>(static_cast<__int128>(rest) * 1'000'000 / options_.rows_per_second);
    row.micros = started_ms_ * 1000 + seconds * 1'000'000 + within;
    return row;
  }

  const DatagenOptions options_;
  // Of used columns.
  const std::vector<DatagenField> fields_;
  const std::shared_ptr<arrow::Schema> schema_;
  PacedSplits splits_;
  int64_t started_ms_ = 0;
};

class DatagenConnector final : public SourceConnector {
 public:
  explicit DatagenConnector(const ConnectorEnvironment& environment) : environment_(environment) {}
  std::vector<std::string> Validate(const v1::Source& source) const override {
    std::vector<std::string> mistakes;
    DatagenOptions::Parse(source, &mistakes);
    return mistakes;
  }
  bool IsBounded(const v1::Source& source) const override {
    std::vector<std::string> mistakes;
    return DatagenOptions::Parse(source, &mistakes).num_rows >= 0;
  }
  absl::StatusOr<std::unique_ptr<SourceCatalog>> OpenCatalog(const SourceSpec& spec) const override {
    ASSIGN_OR_RETURN(DatagenOptions options, ParseOrFail(spec.source));
    return std::make_unique<DatagenCatalog>(std::move(options), environment_.clock);
  }
  absl::StatusOr<std::unique_ptr<Source>> MakeSource(const SourceSpec& spec) const override {
    ASSIGN_OR_RETURN(DatagenOptions options, ParseOrFail(spec.source));
    ASSIGN_OR_RETURN(auto schema, SchemaOf(spec.source.columns()));
    std::vector<DatagenField> fields;
    arrow::FieldVector used;
    for (const std::string& name : spec.used_columns) {
      const DatagenField* field = options.Find(name);
      if (field == nullptr) return Internal("make source ", spec.uid, ": used column is not in the plan: ", name);
      fields.push_back(*field);
      used.push_back(schema->GetFieldByName(name));
    }
    return std::make_unique<DatagenSource>(std::move(options), std::move(fields), arrow::schema(std::move(used)), environment_.clock,
                                           environment_.io_pool);
  }

 private:
  const ConnectorEnvironment environment_;
};

}  // namespace

std::unique_ptr<SourceConnector> MakeDatagenConnector(const ConnectorEnvironment& environment) {
  return std::make_unique<DatagenConnector>(environment);
}

}  // namespace millrace
