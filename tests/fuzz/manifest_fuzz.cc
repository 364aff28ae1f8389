// Any bytes as a checkpoint's manifest: refused, or one whose bytes are its own again.
#include <string>

#include "millrace/storage/v1/manifest.pb.h"
#include "state/checkpoint_manifest.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  storage::v1::Manifest raw;
  std::string pipeline, lineage;
  if (raw.ParseFromArray(data, static_cast<int>(size))) {
    pipeline = raw.pipeline();
    lineage = raw.lineage();
  }
  auto manifest = DecodeManifest(bytes, pipeline, lineage);
  Require(manifest.ok() || manifest.status().code() == absl::StatusCode::kDataLoss ||
              manifest.status().code() == absl::StatusCode::kFailedPrecondition,
          "what cannot be read is DataLoss or FailedPrecondition");
  if (!manifest.ok()) return 0;
  auto encoded = EncodeManifest(*manifest);
  Require(encoded.ok(), "what was read is valid");
  auto again = DecodeManifest(*encoded, pipeline, lineage);
  Require(again.ok(), "and can be read again");
  auto encoded_again = EncodeManifest(*again);
  Require(encoded_again.ok() && *encoded_again == *encoded, "the same manifest gives the same bytes");
  return 0;
}
