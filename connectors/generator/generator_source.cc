#include "connectors/generator/generator_source.h"

#include <algorithm>

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
constexpr const char* kName = "generator";

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

std::string GeneratorSplitId(int64_t split) { return PacedSplits::IdOf(kName, split); }

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
      dead_letters_(spec.pipeline, spec.uid),
      splits_({kName, options.splits, options.rows_per_second}, clock, io_pool) {}

absl::Status GeneratorSource::Open(std::span<const storage::v1::SplitState> splits, std::string_view system_id,
                                   std::function<void()> wake) {
  if (system_id != options_.Identity()) {
    return DataLoss("open the generator: the rows are not those of the checkpoint: checkpoint: ", system_id,
                    ", now: ", options_.Identity());
  }
  splits_.SetWake(std::move(wake));
  return splits_.Add(splits);
}

absl::StatusOr<std::optional<SourceBatch>> GeneratorSource::Poll() {
  std::optional<PacedSplits::Range> due = splits_.NextDue(kRowsPerBatch);
  if (!due.has_value()) return std::nullopt;
  ASSIGN_OR_RETURN(SourceBatch batch, Generate(*due));
  splits_.Took(*due);
  return batch;
}

absl::StatusOr<SourceBatch> GeneratorSource::Generate(const PacedSplits::Range& range) {
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders;
  for (const auto& field : schema_->fields()) {
    ASSIGN_OR_RETURN(builders.emplace_back(), FromArrow(arrow::MakeBuilder(field->type())));
  }
  int64_t num_rows = 0;
  SourceBatch batch;
  // Rows up to the next bad record.
  SplitRun run{.split = static_cast<int>(range.split), .first_position = range.begin};
  auto end_run = [&](int64_t position) {
    run.num_rows = position - run.first_position;
    if (run.num_rows > 0) batch.runs.push_back(run);
    run.first_position = position + 1;
  };
  for (int64_t position = range.begin; position < range.end; ++position) {
    GeneratedRow row = GenerateRow(options_, range.number, position);
    ++batch.num_records;
    if (row.bad) {
      end_run(position);
      static constexpr std::string_view kBroken = "{\"user_id\": broken";
      static constexpr std::string_view kError = "not JSON: made bad by option 'bad-ratio'";
      if (!dead_letters_connected_) {
        return InvalidArgument("decode record: split: ", GeneratorSplitId(range.number), ", offset: ", position, ": ", kError,
                               "; connect the source's dead_letter output to keep bad records");
      }
      dead_letters_.Append({.error = kError,
                            .topic = "generator",
                            .partition = static_cast<int32_t>(range.number),
                            .offset = position,
                            .timestamp_ms = row.event_time_micros / 1000,
                            .value = kBroken.data(),
                            .value_size = kBroken.size()});
      batch.bad_records.push_back({.split = static_cast<int>(range.split),
                                   .num_before = position - range.begin,
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
  end_run(range.end);
  batch.rows = arrow::RecordBatch::Make(schema_, num_rows, std::move(arrays));
  batch.dead_letters = dead_letters_.Flush();
  return batch;
}

}  // namespace millrace
