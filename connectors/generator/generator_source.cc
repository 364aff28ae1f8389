#include "connectors/generator/generator_source.h"

#include <algorithm>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "arrow/builder.h"
#include "arrow/record_batch.h"
#include "arrow/type.h"
#include "arrow/util/decimal.h"
#include "base/arrow_status.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/random.h"

namespace millrace {
namespace {

constexpr int64_t kRowsPerBatch = 1024;
constexpr int64_t kLateByMs = 3'600'000;
constexpr uint64_t kNumAmounts = 100'000;
constexpr uint64_t kNumUrls = 50;
constexpr absl::Duration kAlarm = absl::Milliseconds(5);
constexpr std::string_view kIdPrefix = "generator/";

// Fills one column, whose name and type the options have checked.
absl::Status AppendField(const arrow::Field& field, const GeneratedRow& row, arrow::ArrayBuilder* builder) {
  const std::string& name = field.name();
  switch (field.type()->id()) {
    case arrow::Type::STRING: {
      std::string text = name == "url" ? Cat("/page/", row.url) : Cat("user-", row.user);
      return FromArrow(static_cast<arrow::StringBuilder*>(builder)->Append(text));
    }
    case arrow::Type::TIMESTAMP:
      return FromArrow(static_cast<arrow::TimestampBuilder*>(builder)->Append(row.event_time_micros));
    case arrow::Type::INT32:
      return FromArrow(static_cast<arrow::Int32Builder*>(builder)->Append(static_cast<int32_t>(row.amount)));
    case arrow::Type::INT64: {
      int64_t value = name == "event_id" ? row.event_id : static_cast<int64_t>(name == "user_id" ? row.user : row.amount);
      return FromArrow(static_cast<arrow::Int64Builder*>(builder)->Append(value));
    }
    case arrow::Type::DOUBLE:
      return FromArrow(static_cast<arrow::DoubleBuilder*>(builder)->Append(static_cast<double>(row.amount) / 100));
    case arrow::Type::DECIMAL128: {
      // The amount is the unscaled number, cut to the digits that the type has.
      const auto& type = static_cast<const arrow::Decimal128Type&>(*field.type());
      uint64_t bound = 1;
      for (int i = 0; i < std::min(type.precision(), 5); ++i) bound *= 10;
      return FromArrow(static_cast<arrow::Decimal128Builder*>(builder)->Append(arrow::Decimal128(0, row.amount % bound)));
    }
    default:
      return Internal("generate column '", name, "': no rule for type ", field.type()->ToString());
  }
}

}  // namespace

std::string GeneratorSplitId(int64_t split) { return Cat(kIdPrefix, split); }

GeneratedRow GenerateRow(const GeneratorOptions& options, int64_t split, int64_t position) {
  // Three steps of the mixer, so that neighbours in any of the three have nothing in common.
  uint64_t seed = Random(options.seed).Next();
  seed = Random(seed ^ static_cast<uint64_t>(split)).Next();
  Random random(seed ^ static_cast<uint64_t>(position));
  GeneratedRow row;
  row.user = random.Below(static_cast<uint64_t>(options.keys));
  int64_t older_ms = static_cast<int64_t>(random.Below(static_cast<uint64_t>(options.disorder_ms) + 1));
  row.amount = random.Below(kNumAmounts);
  row.url = random.Below(kNumUrls);
  if (random.Chance(options.late_ratio)) older_ms += options.disorder_ms + kLateByMs;
  row.bad = random.Chance(options.bad_ratio);
  row.event_time_micros = (options.start_time_ms + position * options.event_step_ms - older_ms) * 1000;
  row.event_id = position * options.splits + split;
  return row;
}

absl::StatusOr<std::unique_ptr<Source>> GeneratorSource::Make(const SourceSpec& spec, const GeneratorOptions& options,
                                                              const Clock* clock, IoPool* io_pool) {
  ASSIGN_OR_RETURN(auto schema, SchemaOf(spec.source.columns()));
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const std::string& name : spec.used_columns) {
    auto field = schema->GetFieldByName(name);
    if (field == nullptr) return Internal("make source ", spec.uid, ": used column is not in the plan: ", name);
    fields.push_back(std::move(field));
  }
  return std::unique_ptr<Source>(new GeneratorSource(spec, options, arrow::schema(std::move(fields)), clock, io_pool));
}

GeneratorSource::GeneratorSource(const SourceSpec& spec, const GeneratorOptions& options, std::shared_ptr<arrow::Schema> schema,
                                 const Clock* clock, IoPool* io_pool)
    : options_(options),
      schema_(std::move(schema)),
      dead_letters_connected_(spec.dead_letters_connected),
      clock_(clock),
      io_pool_(io_pool),
      dead_letters_(spec.pipeline, spec.uid),
      alarm_(std::make_shared<Alarm>()) {}

GeneratorSource::~GeneratorSource() { Close(); }

absl::Status GeneratorSource::Open(std::span<const storage::v1::SplitState> splits, std::string_view system_id,
                                   std::function<void()> wake) {
  if (system_id != options_.Identity()) {
    return DataLoss("open the generator: the rows are not those of the checkpoint: checkpoint: ", system_id,
                    ", now: ", options_.Identity());
  }
  {
    MutexLock lock(&alarm_->mutex);
    alarm_->wake = std::move(wake);
  }
  return AddSplits(splits);
}

absl::Status GeneratorSource::AddSplits(std::span<const storage::v1::SplitState> splits) {
  for (const auto& state : splits) {
    int64_t number = -1;
    std::string_view id = state.id();
    if (!id.starts_with(kIdPrefix) || !absl::SimpleAtoi(AbslView(id.substr(kIdPrefix.size())), &number) || number < 0 ||
        number >= options_.splits) {
      return DataLoss("open the generator: there is no split ", state.id(), "; splits: ", options_.splits);
    }
    SplitProgress progress;
    progress.id = state.id();
    progress.position = state.position();
    progress.end_position = state.end_position();
    progress.finished = progress.end_position >= 0 && progress.position >= progress.end_position;
    progress.at_end = progress.finished;
    splits_.push_back(std::move(progress));
    numbers_.push_back(number);
    first_positions_.push_back(state.position());
    started_.push_back(clock_->Monotonic());
  }
  return absl::OkStatus();
}

int64_t GeneratorSource::DuePosition(size_t split) const {
  int64_t end = splits_[split].end_position;
  if (end < 0) end = std::numeric_limits<int64_t>::max() / 2;
  if (options_.rows_per_second == 0) return end;
  double seconds = absl::ToDoubleSeconds(clock_->Monotonic() - started_[split]);
  double due = seconds * options_.rows_per_second / static_cast<double>(options_.splits);
  return std::min(end, first_positions_[split] + static_cast<int64_t>(due));
}

absl::StatusOr<std::optional<SourceBatch>> GeneratorSource::Poll() {
  bool all_finished = true;
  for (size_t tried = 0; tried < splits_.size(); ++tried) {
    size_t split = next_;
    next_ = (next_ + 1) % splits_.size();
    SplitProgress& progress = splits_[split];
    if (progress.finished) continue;
    all_finished = false;
    int64_t end = std::min(DuePosition(split), progress.position + kRowsPerBatch);
    progress.at_end = end <= progress.position;
    if (progress.at_end) continue;
    ASSIGN_OR_RETURN(SourceBatch batch, Generate(split, end));
    return batch;
  }
  if (!all_finished) SetAlarm();
  return std::nullopt;
}

absl::StatusOr<SourceBatch> GeneratorSource::Generate(size_t split, int64_t end) {
  SplitProgress& progress = splits_[split];
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders;
  for (const auto& field : schema_->fields()) {
    ASSIGN_OR_RETURN(builders.emplace_back(), FromArrow(arrow::MakeBuilder(field->type())));
  }
  int64_t num_rows = 0;
  SourceBatch batch;
  for (int64_t position = progress.position; position < end; ++position) {
    GeneratedRow row = GenerateRow(options_, numbers_[split], position);
    ++batch.num_records;
    if (row.bad) {
      static constexpr std::string_view kBroken = "{\"user_id\": broken";
      static constexpr std::string_view kError = "not JSON: made bad by option 'bad-ratio'";
      if (!dead_letters_connected_) {
        return InvalidArgument("decode record: split: ", progress.id, ", offset: ", position, ": ", kError,
                               "; connect the source's dead_letter output to keep bad records");
      }
      dead_letters_.Append({.error = kError,
                            .topic = "generator",
                            .partition = static_cast<int32_t>(numbers_[split]),
                            .offset = position,
                            .timestamp_ms = row.event_time_micros / 1000,
                            .value = kBroken.data(),
                            .value_size = kBroken.size()});
      batch.bad_records.push_back({.split = static_cast<int>(split),
                                   .num_before = position - progress.position,
                                   .position = position,
                                   .reason = std::string(kError)});
      continue;
    }
    for (size_t i = 0; i < builders.size(); ++i) RETURN_IF_ERROR(AppendField(*schema_->field(static_cast<int>(i)), row, builders[i].get()));
    ++num_rows;
  }
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (auto& builder : builders) {
    ASSIGN_OR_RETURN(arrays.emplace_back(), FromArrow(builder->Finish()));
  }
  batch.rows = arrow::RecordBatch::Make(schema_, num_rows, std::move(arrays));
  if (num_rows > 0) batch.runs.push_back({.split = static_cast<int>(split), .num_rows = num_rows});
  batch.dead_letters = dead_letters_.Flush();
  progress.position = end;
  progress.finished = progress.end_position >= 0 && end >= progress.end_position;
  progress.at_end = progress.finished;
  if (progress.end_position >= 0) progress.lag = progress.end_position - end;
  return batch;
}

void GeneratorSource::SetAlarm() {
  if (io_pool_ == nullptr) return;
  {
    MutexLock lock(&alarm_->mutex);
    if (alarm_->set) return;
    alarm_->set = true;
  }
  io_pool_->Run([alarm = alarm_] {
    absl::SleepFor(kAlarm);
    MutexLock lock(&alarm->mutex);
    alarm->set = false;
    if (alarm->wake) alarm->wake();
  });
}

void GeneratorSource::OnCheckpointComplete(std::span<const storage::v1::SplitState> /*splits*/) {}

void GeneratorSource::Close() {
  MutexLock lock(&alarm_->mutex);
  alarm_->wake = nullptr;
}

}  // namespace millrace
