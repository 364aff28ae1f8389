#include "connectors/filesystem/filesystem_source.h"

#include <algorithm>

#include "arrow/record_batch.h"
#include "arrow/type.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/utf8.h"

namespace millrace {
namespace {

constexpr int64_t kFetchBytes = 1 << 20;
constexpr int64_t kRecordsPerBatch = 8192;
// Of a value, in an error.
constexpr size_t kMaxExcerptBytes = 200;

absl::StatusOr<std::string> FetchPiece(InputFiles& files, const std::string& path, int64_t from, int64_t end) {
  const int64_t wanted = std::min(kFetchBytes, end - from);
  absl::StatusOr<std::string> bytes = files.Read(path, from, wanted);
  if (absl::IsNotFound(bytes.status())) return DataLoss("read file ", path, " at byte ", from, ": it is gone. Put it back");
  RETURN_IF_ERROR(bytes.status());
  if (static_cast<int64_t>(bytes->size()) == wanted) return bytes;
  return DataLoss("read file ", path, " at byte ", from, ": it ends at byte ", from + static_cast<int64_t>(bytes->size()), " and had ", end,
                  ". Put it back as it was");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Source>> FilesystemSource::Make(const SourceSpec& spec, TimestampFormat timestamp_format,
                                                               std::string identity, std::shared_ptr<InputFiles> files,
                                                               IoPool* io_pool) {
  ASSIGN_OR_RETURN(auto schema, SchemaOf(spec.source.columns()));
  arrow::FieldVector fields;
  for (const std::string& name : spec.used_columns) {
    auto field = schema->GetFieldByName(name);
    if (field == nullptr) return Internal("make source ", spec.uid, ": used column is not in the plan: ", name);
    fields.push_back(std::move(field));
  }
  ASSIGN_OR_RETURN(auto decoder, JsonDecoder::Make(arrow::schema(std::move(fields)),
                                                   {.timestamp_format = timestamp_format,
                                                    .record_filter = spec.record_filter,
                                                    .time_column = spec.source.watermark().column()}));
  return std::unique_ptr<Source>(new FilesystemSource(spec, std::move(identity), std::move(files), io_pool, std::move(decoder)));
}

FilesystemSource::FilesystemSource(const SourceSpec& spec, std::string identity, std::shared_ptr<InputFiles> files, IoPool* io_pool,
                                   std::unique_ptr<JsonDecoder> decoder)
    : identity_(std::move(identity)),
      dead_letters_connected_(spec.dead_letters_connected),
      files_(std::move(files)),
      io_pool_(io_pool),
      decoder_(std::move(decoder)),
      dead_letters_(spec.pipeline, spec.uid),
      held_(spec.memory, MemoryKind::kFetched) {}

FilesystemSource::~FilesystemSource() { Close(); }

absl::Status FilesystemSource::Open(std::span<const storage::v1::SplitState> splits, std::string_view system_id,
                                    std::function<void()> wake) {
  if (system_id != identity_) {
    return DataLoss("open files: these are not those of the checkpoint: checkpoint: ", system_id, ", now: ", identity_);
  }
  {
    MutexLock lock(&fetch_->mutex);
    fetch_->wake = std::move(wake);
  }
  return AddSplits(splits);
}

absl::Status FilesystemSource::AddSplits(std::span<const storage::v1::SplitState> splits) {
  for (const auto& state : splits) {
    Reading reading;
    SplitProgress split;
    split.id = state.id();
    split.is_file = true;
    split.position = state.position();
    split.end_position = state.end_position();
    split.fingerprint = state.fingerprint();
    split.finished = split.at_end = state.position() >= state.end_position();
    split.lag = split.finished ? 0 : -1;
    if (!split.finished) {
      ASSIGN_OR_RETURN(reading.proof, FileProof::Decode(split.fingerprint));
    }
    splits_.push_back(std::move(split));
    readings_.push_back(std::move(reading));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<SourceBatch>> FilesystemSource::Poll() {
  while (true) {
    while (at_ < splits_.size() && splits_[at_].finished && !is_fetching_) {
      ++at_;
      lines_ = nullptr;
    }
    if (at_ == splits_.size()) return std::nullopt;
    if (lines_ == nullptr) lines_ = std::make_unique<LineCutter>();
    ASSIGN_OR_RETURN(bool fetched, TakeFetched());
    ASSIGN_OR_RETURN(SourceBatch batch, Decode());
    held_.Resize(lines_->num_held());
    // While these rows are on their way, the next piece is fetched.
    if (!splits_[at_].finished) StartFetch();
    if (batch.num_records > 0) return batch;
    if (!fetched && is_fetching_) return std::nullopt;
  }
}

void FilesystemSource::StartFetch() {
  const SplitProgress& split = splits_[at_];
  const int64_t from = split.position + lines_->num_pending();
  if (is_fetching_ || from >= split.end_position) return;
  is_fetching_ = true;
  std::optional<FileProof> unchecked;
  if (!readings_[at_].is_checked) unchecked = readings_[at_].proof;
  io_pool_->Run([files = files_, fetch = fetch_, path = split.id, from, position = split.position, end = split.end_position, unchecked] {
    absl::StatusOr<std::string> bytes = [&]() -> absl::StatusOr<std::string> {
      if (unchecked.has_value()) RETURN_IF_ERROR(unchecked->Check(*files, path, position, end));
      return FetchPiece(*files, path, from, end);
    }();
    MutexLock lock(&fetch->mutex);
    fetch->done = std::move(bytes);
    if (fetch->wake) fetch->wake();
  });
}

absl::StatusOr<bool> FilesystemSource::TakeFetched() {
  if (!is_fetching_) return false;
  std::optional<absl::StatusOr<std::string>> done;
  {
    MutexLock lock(&fetch_->mutex);
    done.swap(fetch_->done);
  }
  if (!done.has_value()) return false;
  is_fetching_ = false;
  // Not there now: another poll asks again.
  RETURN_IF_ERROR(done->status());
  readings_[at_].is_checked = true;
  lines_->Add(**done);
  const SplitProgress& split = splits_[at_];
  if (split.position + lines_->num_pending() >= split.end_position) lines_->Finish();
  return true;
}

absl::StatusOr<SourceBatch> FilesystemSource::Decode() {
  SplitProgress& split = splits_[at_];
  Reading& reading = readings_[at_];
  SourceBatch batch;
  int64_t position = split.position;
  int64_t num_bytes = 0;
  while (batch.num_records < kRecordsPerBatch && num_bytes < kFetchBytes) {
    std::optional<LineCutter::Line> line = lines_->Next();
    if (!line.has_value()) break;
    if (line->text.find_first_not_of(" \t") != line->text.npos) {
      absl::StatusOr<Decoded> decoded = decoder_->Append({line->text.data(), line->text.size()});
      split.position = position;  // of this record, for messages
      if (!decoded.ok()) {
        if (!absl::IsInvalidArgument(decoded.status())) return decoded.status();
        RETURN_IF_ERROR(Refuse(*line, decoded.status(), batch.num_records, &batch));
      } else if (*decoded == Decoded::kDropped) {
        AddToDropped(static_cast<int>(at_), decoder_->dropped_time(), batch.dropped);
      } else {
        batch.positions.push_back(position);
      }
      ++batch.num_records;
      batch.num_bytes += static_cast<int64_t>(line->text.size());
    }
    reading.proof.Extend(line->last, line->has_gap);
    position += line->num_bytes;
    num_bytes += line->num_bytes;
  }
  MoveTo(position);
  ASSIGN_OR_RETURN(batch.rows, decoder_->Flush());
  if (batch.rows->num_rows() > 0) {
    batch.runs.push_back(
        {.split = static_cast<int>(at_), .num_rows = batch.rows->num_rows(), .first_position = batch.positions.front()});
  }
  batch.dead_letters = dead_letters_.Flush();
  return batch;
}

absl::Status FilesystemSource::Refuse(const LineCutter::Line& line, const absl::Status& error, int64_t num_before, SourceBatch* batch) {
  const SplitProgress& split = splits_[at_];
  if (!dead_letters_connected_) {
    const bool is_cut = line.text.size() > kMaxExcerptBytes;
    return InvalidArgument("decode record: file: ", split.id, ", byte: ", split.position, ": ", error.message(),
                           "; value: ", ToUtf8(line.text.substr(0, kMaxExcerptBytes)), is_cut ? "…" : "",
                           "; connect the source's dead_letter output to set bad records aside");
  }
  std::string message(error.message());
  batch->bad_records.push_back(
      {.split = static_cast<int>(at_), .num_before = num_before, .position = split.position, .reason = decoder_->refusal()});
  dead_letters_.Append({.error = message,
                        .topic = split.id,
                        .partition = 0,
                        .offset = split.position,
                        .value = line.text.data(),
                        .value_size = line.text.size()});
  return absl::OkStatus();
}

void FilesystemSource::MoveTo(int64_t position) {
  SplitProgress& split = splits_[at_];
  if (position == split.position && position < split.end_position) return;
  split.position = position;
  split.fingerprint = readings_[at_].proof.Encode();
  split.finished = split.at_end = position >= split.end_position;
  split.lag = split.finished ? 0 : -1;
}

void FilesystemSource::Close() {
  MutexLock lock(&fetch_->mutex);
  fetch_->wake = nullptr;
}

}  // namespace millrace
