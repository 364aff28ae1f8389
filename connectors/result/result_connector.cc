#include "connectors/result/result_connector.h"

#include "arrow/type.h"
#include "base/error.h"
#include "base/macros.h"
#include "connectors/option_reader.h"
#include "connectors/row_files/row_files_committer.h"
#include "connectors/row_files/row_files_sink.h"

namespace millrace {
namespace {

// A reader takes one file at a time.
constexpr uint64_t kFileBytes = 4 << 20;

std::string PathOf(const v1::Sink& sink) {
  auto path = sink.options().find("path");
  return path == sink.options().end() ? "" : path->second;
}

class ResultConnector final : public SinkConnector {
 public:
  explicit ResultConnector(const ConnectorEnvironment& environment) : environment_(environment) {}

  std::vector<std::string> Validate(const v1::Sink& sink, const arrow::Schema& schema) const override {
    std::vector<std::string> mistakes;
    std::string path;
    ReadOptions("result", sink.options(), {{"path", TextOption(&path)}}, &mistakes);
    if (!sink.options().contains("path")) mistakes.push_back("result: option 'path' is missing: where results are kept");
    if (sink.partition_by_size() > 0) mistakes.push_back("result: rows for a reader cannot be partitioned");
    if (auto writer = JsonRowWriter::Make(schema, {}); !writer.ok()) mistakes.push_back(Cat("result: ", StdView(writer.status().message())));
    return mistakes;
  }
  absl::StatusOr<std::unique_ptr<SinkCatalog>> OpenCatalog(const SinkSpec& spec) const override {
    ASSIGN_OR_RETURN(auto store, environment_.blob_stores->Open(PathOf(spec.sink)));
    return std::make_unique<RowFilesCatalog>(OptionsOf(spec), std::move(store));
  }
  absl::StatusOr<std::unique_ptr<Sink>> MakeSink(const SinkSpec& spec) const override {
    ASSIGN_OR_RETURN(auto store, environment_.blob_stores->Open(PathOf(spec.sink)));
    return std::make_unique<RowFilesSink>(OptionsOf(spec), std::move(store));
  }
  absl::StatusOr<std::unique_ptr<Committer>> MakeCommitter(const SinkSpec& spec) const override {
    ASSIGN_OR_RETURN(auto store, environment_.blob_stores->Open(PathOf(spec.sink)));
    return std::make_unique<RowFilesCommitter>(OptionsOf(spec), std::move(store));
  }

 private:
  static RowFilesOptions OptionsOf(const SinkSpec& spec) {
    RowFilesOptions options;
    options.identity = spec.identity;
    options.schema = spec.schema;
    options.what = Cat("the result of ", spec.identity.pipeline);
    options.home = ResultHome(spec.identity);
    options.buffer_bytes = kFileBytes;
    options.subtask_index = spec.subtask_index;
    options.generation = spec.generation;
    options.memory = spec.memory;
    return options;
  }

  const ConnectorEnvironment environment_;
};

}  // namespace

std::string ResultHome(const CommitIdentity& identity) {
  return Cat("_results/", identity.pipeline, "/", identity.lineage, "/", identity.sink_uid);
}

std::unique_ptr<SinkConnector> MakeResultConnector(const ConnectorEnvironment& environment) {
  return std::make_unique<ResultConnector>(environment);
}

}  // namespace millrace
