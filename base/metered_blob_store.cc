#include "base/metered_blob_store.h"

#include <map>
#include <utility>
#include <vector>

#include "base/macros.h"

namespace millrace {

class MeteredBlobStoreFactory::Probe {
 public:
  Probe(const Clock* clock, Metrics* metrics)
      : clock_(clock),
        metrics_(metrics),
        bytes_read_(metrics->AddCounter(kBytes, kBytesHelp, {{"direction", "read"}})),
        bytes_written_(metrics->AddCounter(kBytes, kBytesHelp, {{"direction", "written"}})) {
    for (const char* op : {"get", "put", "put_if_absent", "list", "delete", "size"}) {
      seconds_[op] = metrics->AddHistogram("millrace_object_store_request_seconds", "Time of requests to blob stores.",
                                           RpcSecondsBuckets(), {{"op", op}});
    }
  }

  // Runs one request. The names of operations are those above.
  template <typename Request>
  auto Measure(const char* op, Request request) {
    absl::Duration began = clock_->Monotonic();
    auto answer = request();
    seconds_.find(op)->second->Observe(absl::ToDoubleSeconds(clock_->Monotonic() - began));
    metrics_
        ->AddCounter("millrace_object_store_requests_total", "Requests to blob stores, by what came of them.",
                     {{"op", op}, {"code", absl::StatusCodeToString(StatusOf(answer).code())}})
        ->Add();
    return answer;
  }
  void Read(size_t bytes) { bytes_read_->Add(static_cast<double>(bytes)); }
  void Written(size_t bytes) { bytes_written_->Add(static_cast<double>(bytes)); }

 private:
  static constexpr char kBytes[] = "millrace_object_store_bytes_total";
  static constexpr char kBytesHelp[] = "Bytes read from and written to blob stores.";
  static const absl::Status& StatusOf(const absl::Status& status) { return status; }
  template <typename T>
  static const absl::Status& StatusOf(const absl::StatusOr<T>& answer) {
    return answer.status();
  }

  const Clock* const clock_;
  Metrics* const metrics_;
  Counter* const bytes_read_;
  Counter* const bytes_written_;
  std::map<std::string, Histogram*, std::less<>> seconds_;  // constant after construction
};

class MeteredBlobStoreFactory::Store final : public BlobStore {
 public:
  Store(std::shared_ptr<BlobStore> inner, std::shared_ptr<Probe> probe)
      : inner_(std::move(inner)), probe_(std::move(probe)) {}
  absl::StatusOr<std::string> Get(std::string_view name) override {
    auto bytes = probe_->Measure("get", [&] { return inner_->Get(name); });
    if (bytes.ok()) probe_->Read(bytes->size());
    return bytes;
  }
  absl::Status Put(std::string_view name, std::string_view bytes) override {
    absl::Status status = probe_->Measure("put", [&] { return inner_->Put(name, bytes); });
    if (status.ok()) probe_->Written(bytes.size());
    return status;
  }
  absl::StatusOr<PutResult> PutIfAbsent(std::string_view name, std::string_view bytes) override {
    auto result = probe_->Measure("put_if_absent", [&] { return inner_->PutIfAbsent(name, bytes); });
    if (result.ok() && *result == PutResult::kCreated) probe_->Written(bytes.size());
    return result;
  }
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override {
    return probe_->Measure("list", [&] { return inner_->List(prefix); });
  }
  absl::Status Delete(std::string_view name) override {
    return probe_->Measure("delete", [&] { return inner_->Delete(name); });
  }
  absl::StatusOr<int64_t> Size(std::string_view name) override {
    return probe_->Measure("size", [&] { return inner_->Size(name); });
  }

 private:
  const std::shared_ptr<BlobStore> inner_;
  const std::shared_ptr<Probe> probe_;
};

MeteredBlobStoreFactory::MeteredBlobStoreFactory(BlobStoreFactory* inner, const Clock* clock, Metrics* metrics)
    : inner_(inner), probe_(std::make_shared<Probe>(clock, metrics)) {}
MeteredBlobStoreFactory::~MeteredBlobStoreFactory() = default;

absl::StatusOr<std::shared_ptr<BlobStore>> MeteredBlobStoreFactory::Open(std::string_view uri) {
  ASSIGN_OR_RETURN(auto inner, inner_->Open(uri));
  return std::make_shared<Store>(std::move(inner), probe_);
}

}  // namespace millrace
