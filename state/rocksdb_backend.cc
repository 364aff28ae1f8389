#include "state/rocksdb_backend.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/statistics.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "absl/cleanup/cleanup.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"
#include "state/rocksdb_ingest.h"
#include "state/state_key.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

// Large enough to amortise a write's fixed cost, small enough not to matter beside a memtable.
constexpr size_t kBatchBytes = 1 << 20;

rocksdb::Slice ToSlice(std::string_view s) { return rocksdb::Slice(s.data(), s.size()); }
std::string_view ToView(const rocksdb::Slice& s) { return std::string_view(s.data(), s.size()); }

rocksdb::WriteOptions NoLog() {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  return options;
}

bool IsPlainName(std::string_view name) {
  auto plain = [](char c) {
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '.' || c == '_' || c == '-';
  };
  return !name.empty() && name[0] != '.' && std::all_of(name.begin(), name.end(), plain);
}

absl::StatusOr<std::string> ReadLocalFile(const std::string& path, uint64_t size) {
  std::string bytes(size, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  if (!in || static_cast<uint64_t>(in.gcount()) != size) return Internal("read ", path, ": fewer bytes than ", size);
  return bytes;
}

absl::Status MakeEmptyDirectory(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (!error) fs::create_directories(path, error);
  if (error) return Internal("make directory ", path, ": ", error.message(), ". Is the state directory writable?");
  return absl::OkStatus();
}

absl::Status Download(const storage::v1::SnapshotHandle& handle, BlobStore& blobs, const std::string& path) {
  RETURN_IF_ERROR(MakeEmptyDirectory(path));
  for (const auto& file : handle.files()) {
    if (!IsPlainName(file.local_name())) {
      return DataLoss("restore from ", file.blob(), ": its local name is not a plain file name: ", file.local_name());
    }
    ASSIGN_OR_RETURN(std::string bytes, GetSnapshotFile(blobs, file));
    RETURN_IF_ERROR(failpoint::Before("rocksdb.download", &bytes));
    std::ofstream out(Cat(path, "/", file.local_name()), std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out)
      return ResourceExhausted("write ", path, "/", file.local_name(), ": ", bytes.size(), " bytes. Is the disk full?");
    RETURN_IF_ERROR(failpoint::After("rocksdb.download"));
  }
  return absl::OkStatus();
}

// What a restored file is read with. Only what comes again with the same bytes is their fault, and DataLoss.
absl::Status FromRestored(const rocksdb::Status& status, std::string_view doing, std::string_view path) {
  const bool damaged = status.IsCorruption() || status.IsNotFound() || status.IsInvalidArgument();
  if (damaged) return DataLoss(doing, " ", path, ": ", status.ToString());
  return FromRocksDb(status, doing, path);
}

absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenAt(const rocksdb::Options& options, const std::string& path,
                                                    bool read_only) {
  RETURN_IF_ERROR(failpoint::Before("rocksdb.open"));
  rocksdb::DB* db = nullptr;
  rocksdb::Status status =
      read_only ? rocksdb::DB::OpenForReadOnly(options, path, &db) : rocksdb::DB::Open(options, path, &db);
  if (!status.ok()) return FromRestored(status, "open state", path);
  std::unique_ptr<rocksdb::DB> opened(db);
  RETURN_IF_ERROR(failpoint::After("rocksdb.open"));
  return opened;
}

// The files had the right checksums, so what they hold was wrong when it was written. Not so if the disk, or RocksDB,
// could not do its work: then the next attempt may.
absl::Status Unreadable(const RestorePart& part, const absl::Status& status) {
  if (!absl::IsDataLoss(status)) return status;
  return DataLoss("restore from ", part.handle->files(0).blob(), " and its siblings: ", status.message());
}

bool HoldsOnly(rocksdb::DB& db, KeyGroupRange range) {
  std::unique_ptr<rocksdb::Iterator> at(db.NewIterator(rocksdb::ReadOptions()));
  auto inside = [&] {
    absl::StatusOr<StateKey> key = ParseStateKey(ToView(at->key()));
    return key.ok() && range.Contains(key->group);
  };
  at->SeekToFirst();
  if (at->Valid() && !inside()) return false;
  at->SeekToLast();
  return at->status().ok() && (!at->Valid() || inside());
}

}  // namespace

RocksDbStateBackend::RocksDbStateBackend(std::string directory, const RocksDbResources& resources)
    : directory_(std::move(directory)), resources_(resources), threads_view_(std::make_shared<RocksDbThreadsView>()) {}

RocksDbStateBackend::~RocksDbStateBackend() {
  CloseDatabase();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void RocksDbStateBackend::CloseDatabase() {
  if (db_ != nullptr) resources_.instances->Remove(db_.get());
  db_.reset();
}

std::string RocksDbStateBackend::DatabasePath() const { return directory_ + "/db"; }

absl::Status RocksDbStateBackend::Ready() {
  if (db_ == nullptr) {
    ASSIGN_OR_RETURN(db_, OpenAt(MakeRocksDbOptions(resources_, threads_view_), DatabasePath(), false));
    resources_.instances->Add(db_.get());
  }
  return threads_view_->background_error();
}

absl::Status RocksDbStateBackend::Restore(std::span<const storage::v1::SnapshotHandle> handles, KeyGroupRange range,
                                          BlobStore& blobs) {
  if (db_ != nullptr)
    return FailedPrecondition("restore state ", directory_, ": the backend is in use. Make a new one");
  ASSIGN_OR_RETURN(std::vector<RestorePart> parts, PlanRestore(handles, range, kFormat));
  floors_ = FloorsAfterRestore(parts);
  threads_view_->SetFloors(floors_);
  // Several handles may have different floors, which only copying applies; and a part of one is not the whole of its
  // files.
  bool adoptable = parts.size() == 1 && parts[0].range == KeyGroupRange{parts[0].handle->first_key_group(),
                                                                        parts[0].handle->end_key_group()};
  std::erase_if(parts, [](const RestorePart& part) { return part.handle->files().empty(); });
  std::string scratch = directory_ + "/scratch";
  if (adoptable && !parts.empty()) {
    ASSIGN_OR_RETURN(bool adopted, Adopt(parts[0], blobs, scratch));
    if (adopted) return absl::OkStatus();
    RETURN_IF_ERROR(Ready());
    return CopyRows(parts[0], scratch);
  }
  RETURN_IF_ERROR(Ready());
  for (const RestorePart& part : parts) {
    RETURN_IF_ERROR(Download(*part.handle, blobs, scratch));
    RETURN_IF_ERROR(CopyRows(part, scratch));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> RocksDbStateBackend::Adopt(const RestorePart& part, BlobStore& blobs, const std::string& scratch) {
  RETURN_IF_ERROR(Download(*part.handle, blobs, DatabasePath()));
  absl::Status opened = Ready();
  if (!opened.ok()) return Unreadable(part, opened);
  if (HoldsOnly(*db_, part.range)) {
    for (const auto& file : part.handle->files()) uploaded_[file.local_name()] = file;
    return true;
  }
  CloseDatabase();
  std::error_code error;
  fs::rename(DatabasePath(), scratch, error);
  if (error) return Internal("move ", DatabasePath(), " to ", scratch, ": ", error.message());
  return false;
}

absl::Status RocksDbStateBackend::CopyRows(const RestorePart& part, const std::string& scratch) {
  absl::Cleanup remove = [&scratch] {
    std::error_code ignored;
    fs::remove_all(scratch, ignored);
  };
  auto from = OpenAt(MakeRocksDbOptions(resources_, std::make_shared<RocksDbThreadsView>()), scratch, true);
  if (!from.ok()) return Unreadable(part, from.status());
  rocksdb::ReadOptions read;
  read.fill_cache = false;
  read.readahead_size = 1 << 20;
  std::unique_ptr<rocksdb::Iterator> at((*from)->NewIterator(read));
  std::string end = FirstKeyOfGroup(part.range.end);
  rocksdb::WriteBatch batch;
  auto write = [&]() -> absl::Status {
    rocksdb::Status status = db_->Write(NoLog(), &batch);
    batch.Clear();
    return FromRocksDb(status, "copy restored rows to", DatabasePath());
  };
  for (at->Seek(FirstKeyOfGroup(part.range.first)); at->Valid() && ToView(at->key()) < end; at->Next()) {
    ASSIGN_OR_RETURN(StateKey key, ParseStateKey(ToView(at->key())));
    if (part.floors.Expired(key.table, key.slice)) continue;
    batch.Put(at->key(), at->value());
    if (batch.GetDataSize() >= kBatchBytes) RETURN_IF_ERROR(write());
  }
  absl::Status read_all = FromRestored(at->status(), "read", scratch);
  if (!read_all.ok()) return Unreadable(part, read_all);
  RETURN_IF_ERROR(write());
  return Ready();
}

absl::Status RocksDbStateBackend::Write(std::span<const StateWrite> sorted) {
  RETURN_IF_ERROR(Ready());
  RETURN_IF_ERROR(CheckAscending(sorted));
  if (sorted.size() >= resources_.rows_for_files) {
    RETURN_IF_ERROR(IngestSorted(*db_, sorted, directory_ + "/ingest", resources_.file_bytes));
    return threads_view_->background_error();
  }
  rocksdb::WriteBatch batch;
  for (size_t i = 0; i < sorted.size(); ++i) {
    const StateWrite& write = sorted[i];
    if (write.value.has_value()) {
      batch.Put(ToSlice(write.key), ToSlice(*write.value));
    } else {
      batch.Delete(ToSlice(write.key));
    }
    if (batch.GetDataSize() < kBatchBytes && i + 1 < sorted.size()) continue;
    RETURN_IF_ERROR(failpoint::Around(
        "rocksdb.write", [&] { return FromRocksDb(db_->Write(NoLog(), &batch), "write state", DatabasePath()); }));
    batch.Clear();
  }
  return threads_view_->background_error();
}

absl::Status RocksDbStateBackend::MultiGet(std::span<const std::string_view> sorted_keys,
                                           std::vector<std::optional<std::string>>& values) {
  RETURN_IF_ERROR(Ready());
  RETURN_IF_ERROR(CheckAscending(sorted_keys));
  values.assign(sorted_keys.size(), std::nullopt);
  std::vector<rocksdb::Slice> keys;
  std::vector<size_t> places;
  for (size_t i = 0; i < sorted_keys.size(); ++i) {
    ASSIGN_OR_RETURN(StateKey key, ParseStateKey(sorted_keys[i]));
    if (floors_.Expired(key.table, key.slice)) continue;
    keys.push_back(ToSlice(sorted_keys[i]));
    places.push_back(i);
  }
  if (keys.empty()) return absl::OkStatus();
  std::vector<rocksdb::PinnableSlice> found(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  db_->MultiGet(rocksdb::ReadOptions(), db_->DefaultColumnFamily(), keys.size(), keys.data(), found.data(),
                statuses.data(),
                /*sorted_input=*/true);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    RETURN_IF_ERROR(FromRocksDb(statuses[i], "read state", DatabasePath()));
    values[places[i]].emplace(found[i].data(), found[i].size());
  }
  return absl::OkStatus();
}

absl::Status RocksDbStateBackend::Scan(KeyGroup group, TableId table, Slice first, Slice end, StateVisitor visit) {
  RETURN_IF_ERROR(Ready());
  first = std::max(first, floors_.Of(table));
  if (first >= end) return absl::OkStatus();
  std::string upper = EncodeStateKey({group, table, end, ""});
  rocksdb::Slice bound(upper);
  rocksdb::ReadOptions read;
  read.iterate_upper_bound = &bound;
  std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(read));
  for (at->Seek(EncodeStateKey({group, table, first, ""})); at->Valid(); at->Next()) {
    if (!visit(ToView(at->key()), ToView(at->value()))) break;
  }
  return FromRocksDb(at->status(), "scan state", DatabasePath());
}

absl::Status RocksDbStateBackend::RaiseSliceFloor(TableId table, Slice floor) {
  RETURN_IF_ERROR(Ready());
  if (floors_.Raise(table, floor)) threads_view_->SetFloors(floors_);
  return absl::OkStatus();
}

absl::StatusOr<storage::v1::SnapshotHandle> RocksDbStateBackend::Snapshot(Epoch epoch, KeyGroupRange range,
                                                                          BlobStore& blobs,
                                                                          std::string_view blob_prefix) {
  RETURN_IF_ERROR(Ready());
  storage::v1::SnapshotHandle handle;
  handle.set_first_key_group(range.first);
  handle.set_end_key_group(range.end);
  handle.set_format(std::string(kFormat));
  handle.set_epoch(epoch.value());
  floors_.WriteTo(handle);

  RETURN_IF_ERROR(FromRocksDb(db_->DisableFileDeletions(), "hold the files of", DatabasePath()));
  absl::Cleanup release = [this] { db_->EnableFileDeletions(/*force=*/false).PermitUncheckedError(); };
  RETURN_IF_ERROR(failpoint::Around(
      "rocksdb.flush", [&] { return FromRocksDb(db_->Flush(rocksdb::FlushOptions()), "flush state", DatabasePath()); }));
  rocksdb::LiveFilesStorageInfoOptions options;
  options.include_checksum_info = true;
  std::vector<rocksdb::LiveFileStorageInfo> files;
  RETURN_IF_ERROR(FromRocksDb(db_->GetLiveFilesStorageInfo(options, &files), "list the files of", DatabasePath()));

  bool any_table =
      std::any_of(files.begin(), files.end(), [](const auto& f) { return f.file_type == rocksdb::kTableFile; });
  std::set<std::string> live;
  for (const auto& file : files) {
    const std::string& name = file.relative_filename;
    bool table = file.file_type == rocksdb::kTableFile;
    if (!any_table || (!table && file.file_type != rocksdb::kDescriptorFile && file.file_type != rocksdb::kCurrentFile))
      continue;
    live.insert(name);
    if (table && uploaded_.contains(name)) {
      *handle.add_files() = uploaded_[name];
      continue;
    }
    std::string bytes = file.replacement_contents;
    if (bytes.empty()) {
      const std::string path = Cat(file.directory, "/", name);
      ASSIGN_OR_RETURN(bytes, failpoint::Around("rocksdb.read_file", [&] { return ReadLocalFile(path, file.size); }));
    }
    if (table && ContentChecksum(bytes) != file.file_checksum) {
      return Internal("upload ", file.directory, "/", name, ": its checksum is ", ContentChecksum(bytes), ", but ",
                      file.file_checksum, " when it was written. Check the disk");
    }
    ASSIGN_OR_RETURN(*handle.add_files(), Upload(blobs, blob_prefix, table ? "sst" : "meta", name, bytes));
  }
  std::erase_if(uploaded_, [&](const auto& entry) { return !live.contains(entry.first); });
  RETURN_IF_ERROR(threads_view_->background_error());
  return handle;
}

absl::StatusOr<storage::v1::SnapshotFile> RocksDbStateBackend::Upload(BlobStore& blobs, std::string_view blob_prefix,
                                                                      std::string_view folder, const std::string& name,
                                                                      std::string_view bytes) {
  // MANIFEST and CURRENT keep their names while their bytes change.
  auto found = uploaded_.find(name);
  if (found != uploaded_.end() && found->second.checksum() == ContentChecksum(bytes)) return found->second;
  ASSIGN_OR_RETURN(UploadedFile put, PutSnapshotFile(blobs, Cat(blob_prefix, "/", folder), folder, name, bytes));
  if (put.uploaded) uploaded_bytes_ += bytes.size();
  uploaded_[name] = put.file;
  return put.file;
}

absl::Status RocksDbStateBackend::CompactAll() {
  RETURN_IF_ERROR(Ready());
  RETURN_IF_ERROR(FromRocksDb(db_->Flush(rocksdb::FlushOptions()), "flush state", DatabasePath()));
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  return FromRocksDb(db_->CompactRange(options, nullptr, nullptr), "compact state", DatabasePath());
}

absl::StatusOr<uint64_t> RocksDbStateBackend::LiveFileBytes() {
  RETURN_IF_ERROR(Ready());
  std::vector<rocksdb::LiveFileMetaData> files;
  db_->GetLiveFilesMetaData(&files);
  uint64_t bytes = 0;
  for (const auto& file : files) bytes += file.size;
  return bytes;
}

RocksDbStateBackendFactory::RocksDbStateBackendFactory(std::string root, RocksDbResources resources)
    : root_(std::move(root)), resources_(std::move(resources)) {}

absl::StatusOr<std::unique_ptr<RocksDbStateBackendFactory>> RocksDbStateBackendFactory::Open(
    const RocksDbOptions& options) {
  if (options.root.empty()) return InvalidArgument("open the state directory: its path is empty");
  std::error_code error;
  fs::create_directories(options.root, error);
  if (error) return FailedPrecondition("make directory ", options.root, ": ", error.message(), ". Name a writable one");
  RocksDbResources resources;
  resources.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  resources.write_buffers =
      std::make_shared<rocksdb::WriteBufferManager>(options.write_buffer_bytes, resources.block_cache);
  // Tickers only: they are counted where blocks are read and writes wait, never per row.
  resources.statistics = rocksdb::CreateDBStatistics();
  resources.statistics->set_stats_level(rocksdb::StatsLevel::kExceptHistogramOrTimers);
  resources.instances = std::make_shared<RocksDbInstances>();
  resources.memtable_bytes = options.memtable_bytes;
  resources.file_bytes = options.file_bytes;
  resources.rows_for_files = options.rows_for_files;
  resources.max_background_jobs = options.max_background_jobs;
  return std::unique_ptr<RocksDbStateBackendFactory>(
      new RocksDbStateBackendFactory(options.root, std::move(resources)));
}

absl::StatusOr<std::unique_ptr<StateBackend>> RocksDbStateBackendFactory::Make(std::string_view name) {
  if (!IsPlainName(name)) return InvalidArgument("make a state backend: its name is not a plain file name: ", name);
  std::string directory = Cat(root_, "/", name);
  RETURN_IF_ERROR(MakeEmptyDirectory(directory));
  return std::make_unique<RocksDbStateBackend>(std::move(directory), resources_);
}

RocksDbFigures RocksDbStateBackendFactory::figures() const {
  RocksDbFigures figures;
  figures.memtable_bytes = resources_.write_buffers->memory_usage();
  // The write buffers are charged to the cache.
  size_t used = resources_.block_cache->GetUsage();
  figures.block_cache_bytes = used > figures.memtable_bytes ? used - figures.memtable_bytes : 0;
  figures.table_reader_bytes = resources_.instances->Sum(rocksdb::DB::Properties::kEstimateTableReadersMem);
  figures.pending_compaction_bytes = resources_.instances->Sum(rocksdb::DB::Properties::kEstimatePendingCompactionBytes);
  std::error_code error;
  fs::space_info space = fs::space(root_, error);
  if (!error) figures.directory_free_bytes = space.available;
  const rocksdb::Statistics& statistics = *resources_.statistics;
  figures.write_stall_seconds = static_cast<double>(statistics.getTickerCount(rocksdb::STALL_MICROS)) * 1e-6;
  figures.block_cache_hits = statistics.getTickerCount(rocksdb::BLOCK_CACHE_HIT);
  figures.block_cache_misses = statistics.getTickerCount(rocksdb::BLOCK_CACHE_MISS);
  return figures;
}

}  // namespace millrace
