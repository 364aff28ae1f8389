// Runs an aggregation over a Parquet file:
//   aggregate_probe IN.parquet OUT.parquet direct|combined|group|combined-group [KEY,…] FUNCTION[!]:[COLUMN][@FILTER]…
// Over windows the row-time column is "t", and they are of 1 s; a group is of all time. COLUMN may be empty for count;
// with ! every value counts once; FILTER is a BOOLEAN column.
#include <cstdio>
#include <string>
#include <vector>

#include "arrow/api.h"
#include "arrow/io/file.h"
#include "base/arrow_status.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/macros.h"
#include "parquet/arrow/reader.h"
#include "parquet/arrow/writer.h"
#include "worker/operators/aggregate_layout.h"
#include "worker/operators/registry.h"

namespace millrace {
namespace {

class AlwaysCounts final : public DownstreamProgress {
 public:
  bool ChannelsCount() const override { return true; }
  EventTimeMicros ReachedWatermark() const override { return kNoWatermark; }
};

// Hands rows on to the next operator.
class Into final : public Output {
 public:
  explicit Into(Operator* next, Output* out) : next_(next), out_(out) {}
  void Emit(uint32_t output, BatchPtr rows) override {
    if (status_.ok()) status_ = next_->ProcessBatch(0, output, rows, *out_);
  }
  const absl::Status& status() const { return status_; }

 private:
  Operator* next_;
  Output* out_;
  absl::Status status_;
};

class Kept final : public Output {
 public:
  void Emit(uint32_t output, BatchPtr rows) override {
    if (output == 0) batches.push_back(std::move(rows));
  }
  std::vector<BatchPtr> batches;
};

void AddColumn(const std::string& name, const std::string& type, internal::v1::Schema* schema) {
  auto* column = schema->add_columns();
  column->set_name(name);
  column->set_type(type);
}

absl::Status Run(const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(auto file, FromArrow(arrow::io::ReadableFile::Open(args[0])));
  ASSIGN_OR_RETURN(auto reader, FromArrow(parquet::arrow::OpenFile(file, arrow::default_memory_pool())));
  ASSIGN_OR_RETURN(auto table, FromArrow(reader->ReadTable()));
  internal::v1::ChainNode node;
  node.set_uid("probe");
  const bool is_window = !args[2].ends_with("group");
  v1::WindowAggregate window;
  window.set_time_column("t");
  window.set_size_ms(1000);
  for (size_t at = 0; at < args[3].size();) {
    size_t end = std::min(args[3].find(',', at), args[3].size());
    window.add_keys(args[3].substr(at, end - at));
    at = end + 1;
  }
  internal::v1::Schema* input = node.add_input_schemas();
  for (const auto& field : table->schema()->fields()) AddColumn(field->name(), SqlTypeOf(*field->type(), true), input);
  internal::v1::Schema* output = node.add_output_schemas();
  for (const std::string& key : window.keys()) {
    AddColumn(key, SqlTypeOf(*table->schema()->GetFieldByName(key)->type(), true), output);
  }
  if (is_window) AddColumn("window_start", "TIMESTAMP(3)", output);
  if (is_window) AddColumn("window_end", "TIMESTAMP(3)", output);
  for (size_t i = 4; i < args.size(); ++i) {
    auto* aggregate = window.add_aggregates();
    std::string function = args[i].substr(0, args[i].find(':'));
    std::string column = args[i].substr(args[i].find(':') + 1);
    aggregate->set_distinct(function.ends_with("!"));
    if (aggregate->distinct()) function.pop_back();
    if (size_t at = column.find('@'); at != std::string::npos) {
      aggregate->set_filter(column.substr(at + 1));
      column.resize(at);
    }
    aggregate->set_function(function);
    aggregate->set_column(column);
    auto argument =
        aggregate->column().empty() ? nullptr : table->schema()->GetFieldByName(aggregate->column())->type();
    ASSIGN_OR_RETURN(auto result, AggregateResultArrowType(aggregate->function(), argument));
    AddColumn(args[i], SqlTypeOf(*result, aggregate->function() != "count"), output);
  }
  internal::v1::Schema* late = node.add_output_schemas();
  *late = *input;
  AddColumn("window_end", "TIMESTAMP(3)", late);
  AddColumn("watermark", "TIMESTAMP(3)", late);

  v1::GroupAggregate group;
  *group.mutable_keys() = window.keys();
  *group.mutable_aggregates() = window.aggregates();
  if (is_window) *node.mutable_window_aggregate() = window;
  if (!is_window) *node.mutable_group_aggregate() = group;
  ASSIGN_OR_RETURN(auto windows, MakeOperator(node));
  const bool combines = args[2].starts_with("combined");
  if (is_window) *node.mutable_local_combine() = window;
  if (!is_window) *node.mutable_local_group() = group;
  std::unique_ptr<Operator> combiner;
  if (combines) {
    ASSIGN_OR_RETURN(combiner, MakeOperator(node));
  }
  AlwaysCounts progress;
  OperatorContext context;
  context.key_groups = {0, kNumKeyGroups};
  context.downstream = &progress;
  RETURN_IF_ERROR(windows->Open(context));
  if (combines) RETURN_IF_ERROR(combiner->Open(context));

  Kept kept;
  Into into(windows.get(), &kept);
  arrow::TableBatchReader batches(*table);
  batches.set_chunksize(1000);
  while (true) {
    ASSIGN_OR_RETURN(BatchPtr batch, FromArrow(batches.Next()));
    if (batch == nullptr) break;
    if (combines) {
      RETURN_IF_ERROR(combiner->ProcessBatch(0, 0, batch, into));
      RETURN_IF_ERROR(combiner->BeforeBarrier(Epoch(1), into).status());
    } else {
      into.Emit(0, batch);
    }
    RETURN_IF_ERROR(into.status());
  }
  RETURN_IF_ERROR(windows->OnWatermark(kFinalWatermark, kept));
  ASSIGN_OR_RETURN(auto schema, SchemaOf(output->columns()));
  ASSIGN_OR_RETURN(auto result, FromArrow(arrow::Table::FromRecordBatches(schema, kept.batches)));
  ASSIGN_OR_RETURN(auto sink, FromArrow(arrow::io::FileOutputStream::Open(args[1])));
  auto properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  return FromArrow(parquet::arrow::WriteTable(*result, arrow::default_memory_pool(), sink, 64 * 1024,
                                              parquet::default_writer_properties(), properties));
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() < 5) {
    std::fputs("usage: aggregate_probe IN.parquet OUT.parquet direct|combined|group|combined-group KEYS FUNCTION[!]:[COLUMN][@FILTER]…\n", stderr);
    return 2;
  }
  absl::Status status = millrace::Run(args);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
