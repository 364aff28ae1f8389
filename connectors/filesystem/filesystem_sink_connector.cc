#include "connectors/filesystem/filesystem_sink_connector.h"

#include <algorithm>

#include "arrow/type.h"
#include "arrow/type_traits.h"
#include "base/byte_size.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/macros.h"
#include "connectors/format/json_options.h"
#include "connectors/row_files/row_files_committer.h"
#include "connectors/row_files/row_files_sink.h"

namespace millrace {
namespace {

// A buffer below this would make a file of a few rows.
constexpr uint64_t kLeastFileBytes = 1024;

struct FilesystemSinkOptions {
  std::string path;
  TimestampFormat timestamp_format = TimestampFormat::kSql;
  uint64_t file_bytes = RowFilesOptions::kDefaultBufferBytes;

  static FilesystemSinkOptions Parse(const v1::Sink& sink, std::vector<std::string>* mistakes);
};

FilesystemSinkOptions FilesystemSinkOptions::Parse(const v1::Sink& sink, std::vector<std::string>* mistakes) {
  FilesystemSinkOptions options;
  OptionReaders readers = {{"path", TextOption(&options.path)}};
  AddJsonOptions(&options.timestamp_format, &readers);
  readers["sink.rolling-policy.file-size"] = [&](const std::string& text) -> std::string {
    absl::StatusOr<uint64_t> bytes = ParseByteSize(text);
    if (!bytes.ok()) return std::string(StdView(bytes.status().message()));
    if (*bytes < kLeastFileBytes) return Cat("'", text, "' is less than ", FormatByteSize(kLeastFileBytes));
    options.file_bytes = *bytes;
    return "";
  };
  for (const char* name : {"sink.rolling-policy.rollover-interval", "sink.rolling-policy.check-interval"}) {
    readers[name] = RefusedOption("files become visible with each checkpoint; set the checkpoint interval instead");
  }
  readers["auto-compaction"] = [](const std::string& text) -> std::string {
    return text == "false" ? "" : "files are not compacted; leave it out, and set a longer checkpoint interval for larger files";
  };
  ReadOptions("filesystem", sink.options(), readers, mistakes);
  if (!sink.options().contains("path")) mistakes->push_back("filesystem: option 'path' is missing; name the directory to write to");
  if (!sink.options().contains("format")) mistakes->push_back("filesystem: option 'format' is missing; use 'json'");
  if (options.timestamp_format == TimestampFormat::kEpochMillis) {
    mistakes->push_back("filesystem: option 'json.timestamp-format.standard': use SQL or ISO-8601 to write");
  }
  return options;
}

// Rows without the partition columns must be JSON, and those must have a text.
void CheckColumns(const v1::Sink& sink, const arrow::Schema& schema, std::vector<std::string>* mistakes) {
  arrow::FieldVector written;
  for (const auto& field : schema.fields()) {
    const bool partitions = std::count(sink.partition_by().begin(), sink.partition_by().end(), field->name()) > 0;
    if (!partitions) written.push_back(field);
    const arrow::Type::type type = field->type()->id();
    if (partitions && (arrow::is_nested(type) || type == arrow::Type::BINARY || arrow::is_floating(type))) {
      mistakes->push_back(Cat("filesystem: column '", field->name(), "' of type ", SqlTypeOf(*field->type(), true), " cannot partition"));
    }
  }
  for (const std::string& name : sink.partition_by()) {
    if (schema.GetFieldIndex(name) < 0) mistakes->push_back(Cat("filesystem: there is no column '", name, "' to partition by"));
  }
  if (written.empty() && schema.num_fields() > 0) mistakes->push_back("filesystem: all columns partition; leave one for the files");
  if (auto writer = JsonRowWriter::Make(*arrow::schema(written), {.style = JsonRowStyle::kObject}); !writer.ok()) {
    mistakes->push_back(Cat("filesystem: ", StdView(writer.status().message())));
  }
}

class FilesystemSinkConnector final : public SinkConnector {
 public:
  explicit FilesystemSinkConnector(const ConnectorEnvironment& environment) : environment_(environment) {}

  std::vector<std::string> Validate(const v1::Sink& sink, const arrow::Schema& schema) const override {
    std::vector<std::string> mistakes;
    FilesystemSinkOptions::Parse(sink, &mistakes);
    CheckColumns(sink, schema, &mistakes);
    return mistakes;
  }
  absl::StatusOr<std::unique_ptr<SinkCatalog>> OpenCatalog(const SinkSpec& spec) const override {
    ASSIGN_OR_RETURN(Parts parts, Open(spec));
    return std::make_unique<RowFilesCatalog>(std::move(parts.options), std::move(parts.store));
  }
  absl::StatusOr<std::unique_ptr<Sink>> MakeSink(const SinkSpec& spec) const override {
    ASSIGN_OR_RETURN(Parts parts, Open(spec));
    return std::make_unique<RowFilesSink>(std::move(parts.options), std::move(parts.store));
  }
  absl::StatusOr<std::unique_ptr<Committer>> MakeCommitter(const SinkSpec& spec) const override {
    ASSIGN_OR_RETURN(Parts parts, Open(spec));
    return std::make_unique<RowFilesCommitter>(std::move(parts.options), std::move(parts.store));
  }

 private:
  struct Parts {
    RowFilesOptions options;
    std::shared_ptr<BlobStore> store;
  };
  absl::StatusOr<Parts> Open(const SinkSpec& spec) const {
    std::vector<std::string> mistakes;
    FilesystemSinkOptions parsed = FilesystemSinkOptions::Parse(spec.sink, &mistakes);
    if (!mistakes.empty()) return InvalidArgument(mistakes.front());
    Parts parts;
    parts.options.identity = spec.identity;
    parts.options.schema = spec.schema;
    parts.options.partition_by.assign(spec.sink.partition_by().begin(), spec.sink.partition_by().end());
    parts.options.what = Cat("directory ", parsed.path);
    parts.options.home = Cat("_millrace/", spec.identity.pipeline, "/", spec.identity.sink_uid, "/", spec.identity.lineage);
    parts.options.publish = true;
    parts.options.json = {.style = JsonRowStyle::kObject, .timestamp_format = parsed.timestamp_format};
    parts.options.buffer_bytes = parsed.file_bytes;
    parts.options.subtask_index = spec.subtask_index;
    parts.options.generation = spec.generation;
    parts.options.memory = spec.memory;
    ASSIGN_OR_RETURN(parts.store, environment_.blob_stores->Open(parsed.path));
    return parts;
  }

  const ConnectorEnvironment environment_;
};

}  // namespace

std::unique_ptr<SinkConnector> MakeFilesystemSinkConnector(const ConnectorEnvironment& environment) {
  return std::make_unique<FilesystemSinkConnector>(environment);
}

}  // namespace millrace
