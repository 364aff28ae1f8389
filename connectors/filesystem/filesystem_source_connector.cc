#include "connectors/filesystem/filesystem_source_connector.h"

#include <algorithm>

#include "absl/strings/strip.h"
#include "arrow/type.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/utf8.h"
#include "connectors/filesystem/filesystem_source.h"
#include "connectors/format/json_options.h"

namespace millrace {
namespace {

struct FilesystemSourceOptions {
  std::string path;
  TimestampFormat timestamp_format = TimestampFormat::kSql;

  static FilesystemSourceOptions Parse(const v1::Source& source, std::vector<std::string>* mistakes);
  // Files of another path are another outside.
  std::string Identity() const { return Cat("filesystem ", path); }
};

FilesystemSourceOptions FilesystemSourceOptions::Parse(const v1::Source& source, std::vector<std::string>* mistakes) {
  FilesystemSourceOptions options;
  OptionReaders readers;
  readers["path"] = [&](const std::string& text) -> std::string {
    absl::string_view path = text;
    absl::ConsumePrefix(&path, "file://");
    while (path.size() > 1 && absl::ConsumeSuffix(&path, "/")) continue;
    options.path = std::string(path);
    if (absl::StrContains(path, "://")) return Cat("'", text, "' is not a path or a file:// URI");
    return path.empty() ? "it is empty" : "";
  };
  AddJsonOptions(&options.timestamp_format, &readers);
  readers["source.monitor-interval"] =
      RefusedOption("a directory is read once, as it is at the first start; new files are not looked for yet. Leave it out");
  ReadOptions("filesystem", source.options(), readers, mistakes);
  if (!source.options().contains("path")) mistakes->push_back("filesystem: option 'path' is missing; name the file or directory to read");
  if (!source.options().contains("format")) mistakes->push_back("filesystem: option 'format' is missing; use 'json'");
  for (const v1::Column& column : source.columns()) {
    if (!column.metadata().empty()) mistakes->push_back(Cat("filesystem: column '", column.name(), "': files have no metadata columns"));
  }
  if (auto schema = SchemaOf(source.columns()); schema.ok()) {
    auto decoder = JsonDecoder::Make(*schema, {options.timestamp_format});
    if (!decoder.ok()) mistakes->push_back(Cat("filesystem: ", StdView(decoder.status().message())));
  }
  return options;
}

absl::StatusOr<FilesystemSourceOptions> ParseOrFail(const v1::Source& source) {
  std::vector<std::string> mistakes;
  FilesystemSourceOptions options = FilesystemSourceOptions::Parse(source, &mistakes);
  if (!mistakes.empty()) return InvalidArgument(mistakes.front());
  return options;
}

class FilesystemCatalog final : public SourceCatalog {
 public:
  FilesystemCatalog(FilesystemSourceOptions options, std::shared_ptr<InputFiles> files)
      : options_(std::move(options)), files_(std::move(files)) {}

  absl::StatusOr<std::string> SystemId() override { return options_.Identity(); }
  absl::StatusOr<std::vector<std::string>> ListSplits() override {
    absl::StatusOr<std::vector<std::string>> paths = files_->List(options_.path);
    if (!paths.ok()) return Annotate(paths.status(), "read files of '", options_.path, "' (a relative path begins where the process was started)");
    for (const std::string& path : *paths) {
      if (ToUtf8(path) != path) return InvalidArgument("read files of '", options_.path, "': a name is not UTF-8; rename it");
    }
    // Something must end, so that the pipeline does.
    if (paths->empty()) paths->push_back(Cat(options_.path, "/"));
    return paths;
  }
  absl::StatusOr<std::vector<storage::v1::SplitState>> ResolveStart(const std::vector<std::string>& split_ids) override {
    std::vector<storage::v1::SplitState> states;
    for (const std::string& id : split_ids) {
      storage::v1::SplitState& state = states.emplace_back();
      state.set_id(id);
      if (id.ends_with('/')) continue;
      ASSIGN_OR_RETURN(int64_t size, files_->Size(id));
      ASSIGN_OR_RETURN(FileProof proof, FileProof::Of(*files_, id, size));
      state.set_end_position(size);
      state.set_fingerprint(proof.Encode());
    }
    return states;
  }
  absl::StatusOr<std::vector<storage::v1::SplitState>> ResolveNew(const std::vector<std::string>& split_ids) override {
    return ResolveStart(split_ids);
  }
  absl::Duration discovery_interval() const override { return absl::ZeroDuration(); }

 private:
  const FilesystemSourceOptions options_;
  const std::shared_ptr<InputFiles> files_;
};

class FilesystemSourceConnector final : public SourceConnector {
 public:
  FilesystemSourceConnector(IoPool* io_pool, std::shared_ptr<InputFiles> files) : io_pool_(io_pool), files_(std::move(files)) {}

  std::vector<std::string> Validate(const v1::Source& source) const override {
    std::vector<std::string> mistakes;
    FilesystemSourceOptions::Parse(source, &mistakes);
    return mistakes;
  }
  bool IsBounded(const v1::Source& /*source*/) const override { return true; }
  absl::StatusOr<std::unique_ptr<SourceCatalog>> OpenCatalog(const SourceSpec& spec) const override {
    ASSIGN_OR_RETURN(FilesystemSourceOptions options, ParseOrFail(spec.source));
    return std::make_unique<FilesystemCatalog>(std::move(options), files_);
  }
  absl::StatusOr<std::unique_ptr<Source>> MakeSource(const SourceSpec& spec) const override {
    ASSIGN_OR_RETURN(FilesystemSourceOptions options, ParseOrFail(spec.source));
    return FilesystemSource::Make(spec, options.timestamp_format, options.Identity(), files_, io_pool_);
  }

 private:
  IoPool* const io_pool_;
  const std::shared_ptr<InputFiles> files_;
};

}  // namespace

std::unique_ptr<SourceConnector> MakeFilesystemSourceConnector(const ConnectorEnvironment& environment,
                                                               std::shared_ptr<InputFiles> files) {
  if (files == nullptr) files = std::make_shared<SystemInputFiles>();
  return std::make_unique<FilesystemSourceConnector>(environment.io_pool, std::move(files));
}

}  // namespace millrace
