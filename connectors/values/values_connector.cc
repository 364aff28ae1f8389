#include "connectors/values/values_connector.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "arrow/record_batch.h"
#include "arrow/type.h"
#include "base/checksum_field.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/macros.h"
#include "connectors/format/json_decoder.h"
#include "connectors/option_reader.h"

namespace millrace {
namespace {

constexpr std::string_view kSplitId = "values/0";
constexpr int64_t kRowsPerBatch = 1024;
// A plan that is wrong in every row is told so for the first few.
constexpr size_t kMaxMistakes = 5;

std::string RowsOf(const v1::Source& source) {
  auto rows = source.options().find("rows");
  return rows == source.options().end() ? "" : rows->second;
}

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  for (absl::string_view line : absl::StrSplit(AbslView(text), '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (!line.empty()) lines.push_back(StdView(line));
  }
  return lines;
}

absl::StatusOr<std::shared_ptr<arrow::Schema>> UsedSchema(const SourceSpec& spec) {
  ASSIGN_OR_RETURN(auto schema, SchemaOf(spec.source.columns()));
  arrow::FieldVector fields;
  for (const std::string& name : spec.used_columns) {
    auto field = schema->GetFieldByName(name);
    if (field == nullptr) return Internal("make source ", spec.uid, ": used column is not in the plan: ", name);
    fields.push_back(std::move(field));
  }
  return arrow::schema(std::move(fields));
}

// What the rows are: a pipeline does not go on with others.
std::string Identity(const v1::Source& source) { return Cat("values ", Xxh128Hex(RowsOf(source))); }

storage::v1::SplitState TheSplit(const v1::Source& source) {
  storage::v1::SplitState split;
  split.set_id(std::string(kSplitId));
  split.set_end_position(static_cast<int64_t>(LinesOf(RowsOf(source)).size()));
  return split;
}

class ValuesCatalog final : public SourceCatalog {
 public:
  explicit ValuesCatalog(v1::Source source) : source_(std::move(source)) {}
  absl::StatusOr<std::string> SystemId() override { return Identity(source_); }
  absl::StatusOr<std::vector<std::string>> ListSplits() override { return std::vector{std::string(kSplitId)}; }
  absl::StatusOr<std::vector<storage::v1::SplitState>> ResolveStart(const std::vector<std::string>& split_ids) override {
    return std::vector<storage::v1::SplitState>(split_ids.size(), TheSplit(source_));
  }
  absl::StatusOr<std::vector<storage::v1::SplitState>> ResolveNew(const std::vector<std::string>& split_ids) override {
    return ResolveStart(split_ids);
  }
  absl::Duration discovery_interval() const override { return absl::ZeroDuration(); }

 private:
  const v1::Source source_;
};

class ValuesSource final : public Source {
 public:
  ValuesSource(const v1::Source& source, std::unique_ptr<JsonDecoder> decoder)
      : identity_(Identity(source)), text_(RowsOf(source)), lines_(LinesOf(text_)), decoder_(std::move(decoder)) {}

  absl::Status Open(std::span<const storage::v1::SplitState> splits, std::string_view system_id,
                    std::function<void()> /*wake*/) override {
    if (system_id != identity_) return DataLoss("open the values: the rows are not those of the checkpoint");
    return AddSplits(splits);
  }
  absl::Status AddSplits(std::span<const storage::v1::SplitState> splits) override {
    for (const auto& state : splits) {
      if (state.id() != kSplitId || state.position() < 0 || state.position() > num_lines()) {
        return DataLoss("open the values: there is no row ", state.position(), " in split ", state.id(), "; rows: ", num_lines());
      }
      SplitProgress& split = splits_.emplace_back();
      split.id = state.id();
      split.end_position = num_lines();
      MoveTo(split, state.position());
    }
    return absl::OkStatus();
  }
  absl::StatusOr<std::optional<SourceBatch>> Poll() override {
    if (splits_.empty() || splits_.front().finished) return std::nullopt;
    SplitProgress& split = splits_.front();
    SourceBatch batch;
    int64_t at = split.position;
    for (; at < std::min(split.position + kRowsPerBatch, num_lines()); ++at) {
      std::string_view line = lines_[static_cast<size_t>(at)];
      RETURN_IF_ERROR(Annotate(decoder_->Append({line.data(), line.size()}).status(), "values: row ", at + 1));
      ++batch.num_records;
      batch.num_bytes += static_cast<int64_t>(line.size());
    }
    ASSIGN_OR_RETURN(batch.rows, decoder_->Flush());
    batch.runs.push_back({.split = 0, .num_rows = batch.num_records, .first_position = split.position});
    MoveTo(split, at);
    return batch;
  }
  std::span<const SplitProgress> splits() const override { return splits_; }
  void OnCheckpointComplete(std::span<const storage::v1::SplitState> /*splits*/) override {}
  void Close() override {}

 private:
  int64_t num_lines() const { return static_cast<int64_t>(lines_.size()); }
  void MoveTo(SplitProgress& split, int64_t position) {
    split.position = position;
    split.lag = num_lines() - position;
    split.finished = split.at_end = split.lag == 0;
  }

  const std::string identity_;
  const std::string text_;
  const std::vector<std::string_view> lines_;
  const std::unique_ptr<JsonDecoder> decoder_;
  std::vector<SplitProgress> splits_;
};

class ValuesConnector final : public SourceConnector {
 public:
  std::vector<std::string> Validate(const v1::Source& source) const override {
    std::vector<std::string> mistakes;
    ReadOptions("values", source.options(), {{"rows", [](const std::string&) { return ""; }}}, &mistakes);
    if (!source.options().contains("rows")) mistakes.push_back("values: option 'rows' is missing; give one JSON object a line");
    for (const v1::Column& column : source.columns()) {
      if (!column.metadata().empty()) mistakes.push_back(Cat("values: column '", column.name(), "': values have no metadata columns"));
    }
    auto schema = SchemaOf(source.columns());
    if (!schema.ok()) return mistakes;  // whoever checks the plan's columns says so
    auto decoder = JsonDecoder::Make(*schema, {});
    if (!decoder.ok()) {
      mistakes.push_back(Cat("values: ", StdView(decoder.status().message())));
      return mistakes;
    }
    const size_t enough = mistakes.size() + kMaxMistakes;
    const std::string rows = RowsOf(source);
    int64_t number = 0;
    for (std::string_view line : LinesOf(rows)) {
      ++number;
      absl::Status status = (*decoder)->Append({line.data(), line.size()}).status();
      if (!status.ok()) mistakes.push_back(Cat("values: option 'rows': row ", number, ": ", StdView(status.message())));
      if (mistakes.size() >= enough) break;
    }
    return mistakes;
  }
  bool IsBounded(const v1::Source& /*source*/) const override { return true; }
  absl::StatusOr<std::unique_ptr<SourceCatalog>> OpenCatalog(const SourceSpec& spec) const override {
    return std::make_unique<ValuesCatalog>(spec.source);
  }
  absl::StatusOr<std::unique_ptr<Source>> MakeSource(const SourceSpec& spec) const override {
    ASSIGN_OR_RETURN(auto schema, UsedSchema(spec));
    ASSIGN_OR_RETURN(auto decoder, JsonDecoder::Make(std::move(schema), {}));
    return std::make_unique<ValuesSource>(spec.source, std::move(decoder));
  }
};

}  // namespace

std::unique_ptr<SourceConnector> MakeValuesConnector() { return std::make_unique<ValuesConnector>(); }

}  // namespace millrace
