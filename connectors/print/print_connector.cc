#include "connectors/print/print_connector.h"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/macros.h"
#include "base/memory_account.h"
#include "connectors/option_reader.h"
#include "connectors/print/row_text.h"
#include "connectors/row_count_committer.h"

namespace millrace {
namespace {

using Print = std::function<absl::Status(std::string_view lines)>;

// Lines are written in pieces of about this size, each by one call, so that lines of several sinks do not mix.
constexpr size_t kPieceBytes = 64 << 10;

Print PrintTo(int fd, std::string_view name) {
  return [=](std::string_view lines) -> absl::Status {
    while (!lines.empty()) {
      const ssize_t written = write(fd, lines.data(), lines.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return Unavailable("print rows to ", name, ": ", std::strerror(errno));
      lines.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  };
}

struct PrintOptions {
  std::string identifier;
  bool standard_error = false;

  static PrintOptions Parse(const v1::Sink& sink, std::vector<std::string>* mistakes) {
    PrintOptions options;
    ReadOptions("print", sink.options(),
                {{"print-identifier", TextOption(&options.identifier)}, {"standard-error", BooleanOption(&options.standard_error)}}, mistakes);
    if (sink.partition_by_size() > 0) mistakes->push_back("print: lines cannot be partitioned");
    return options;
  }
};

// Prints batches, one after the other.
class Printing final : public StagedPart {
 public:
  Printing(std::string prefix, Print print) : prefix_(std::move(prefix)), print_(std::move(print)) {}
  void Add(std::shared_ptr<arrow::RecordBatch> rows) { batches_.push_back(std::move(rows)); }
  void Hold(MemoryHold memory) { memory_ = std::move(memory); }
  absl::Status Persist() override {
    std::string lines;
    for (const auto& rows : std::exchange(batches_, {})) {
      for (int64_t row = 0; row < rows->num_rows(); ++row) {
        lines += prefix_;
        AppendRowText(*rows, row, &lines);
        lines += '\n';
        if (lines.size() < kPieceBytes) continue;
        RETURN_IF_ERROR(print_(lines));
        lines.clear();
      }
    }
    memory_.Resize(0);
    return lines.empty() ? absl::OkStatus() : print_(lines);
  }

 private:
  const std::string prefix_;
  const Print print_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
  MemoryHold memory_;
};

class PrintedEpoch final : public StagedEpoch {
 public:
  PrintedEpoch(std::unique_ptr<StagedPart> rest, uint64_t num_rows) : rest_(std::move(rest)), num_rows_(num_rows) {}
  absl::StatusOr<std::string> Persist() override {
    if (rest_ != nullptr) RETURN_IF_ERROR(rest_->Persist());
    return RowCountCommittable(num_rows_);
  }

 private:
  const std::unique_ptr<StagedPart> rest_;
  const uint64_t num_rows_;
};

// What was written is a part at once: whoever runs it prints it.
class PrintSink final : public Sink {
 public:
  PrintSink(std::string prefix, Print print, std::shared_ptr<MemoryAccount> memory)
      : prefix_(std::move(prefix)), print_(std::move(print)), memory_(std::move(memory)), held_(memory_, MemoryKind::kBuffers) {}

  absl::Status Write(const arrow::RecordBatch& rows) override {
    if (rows.num_rows() == 0) return absl::OkStatus();
    num_rows_ += static_cast<uint64_t>(rows.num_rows());
    auto batch = rows.Slice(0);
    const auto bytes = static_cast<uint64_t>(arrow::util::TotalBufferSize(*batch));
    bytes_ += bytes;
    held_.Add(bytes);
    waiting_.push_back(std::move(batch));
    return absl::OkStatus();
  }
  std::unique_ptr<StagedPart> TakePart(bool /*all*/) override {
    if (waiting_.empty()) return nullptr;
    auto part = std::make_unique<Printing>(prefix_, print_);
    for (auto& batch : std::exchange(waiting_, {})) part->Add(std::move(batch));
    part->Hold(MemoryHold(memory_, MemoryKind::kSnapshots, held_.bytes()));
    held_.Resize(0);
    return part;
  }
  absl::StatusOr<std::unique_ptr<StagedEpoch>> Seal(Epoch) override {
    if (num_rows_ == 0) return nullptr;
    bytes_ = 0;
    return std::make_unique<PrintedEpoch>(TakePart(true), std::exchange(num_rows_, 0));
  }
  uint64_t buffered_bytes() const override { return bytes_; }

 private:
  const std::string prefix_;
  const Print print_;
  const std::shared_ptr<MemoryAccount> memory_;
  MemoryHold held_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> waiting_;
  uint64_t num_rows_ = 0;
  uint64_t bytes_ = 0;
};

class PrintConnector final : public SinkConnector {
 public:
  explicit PrintConnector(PrintStreams streams) : streams_(std::move(streams)) {}
  std::vector<std::string> Validate(const v1::Sink& sink, const arrow::Schema&) const override {
    std::vector<std::string> mistakes;
    PrintOptions::Parse(sink, &mistakes);
    return mistakes;
  }
  absl::StatusOr<std::unique_ptr<SinkCatalog>> OpenCatalog(const SinkSpec&) const override { return MakeForgetfulCatalog(); }
  absl::StatusOr<std::unique_ptr<Sink>> MakeSink(const SinkSpec& spec) const override {
    std::vector<std::string> mistakes;
    PrintOptions options = PrintOptions::Parse(spec.sink, &mistakes);
    if (!mistakes.empty()) return InvalidArgument(mistakes.front());
    return std::make_unique<PrintSink>(options.identifier.empty() ? "" : Cat(options.identifier, "> "),
                                       options.standard_error ? streams_.standard_error : streams_.standard_output, spec.memory);
  }
  absl::StatusOr<std::unique_ptr<Committer>> MakeCommitter(const SinkSpec&) const override { return MakeRowCountCommitter("print"); }

 private:
  const PrintStreams streams_;
};

}  // namespace

PrintStreams ProcessStreams() { return {PrintTo(STDOUT_FILENO, "standard output"), PrintTo(STDERR_FILENO, "standard error")}; }

std::unique_ptr<SinkConnector> MakePrintConnector(PrintStreams streams) { return std::make_unique<PrintConnector>(std::move(streams)); }

}  // namespace millrace
