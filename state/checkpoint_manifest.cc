#include "state/checkpoint_manifest.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <set>
#include <vector>

#include "base/checksum_field.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/key_group.h"
#include "base/macros.h"
#include "state/checkpoint_paths.h"
#include "state/snapshot_files.h"

namespace millrace {
namespace {

using storage::v1::Manifest;
using storage::v1::OperatorState;
using storage::v1::SnapshotHandle;

// The name of the first message that carries a field this program does not know; empty: none does.
std::string UnknownField(const google::protobuf::Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  const auto& unknown = reflection.GetUnknownFields(message);
  if (!unknown.empty()) return Cat(message.GetTypeName(), " field ", unknown.field(0).number());
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const auto& child = field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                               : reflection.GetMessage(message, field);
      if (std::string found = UnknownField(child); !found.empty()) return found;
    }
  }
  return "";
}

// Empty: right. Else what is wrong.
std::string WrongHandle(const SnapshotHandle& handle, uint64_t epoch) {
  if (handle.format().empty()) return "a handle has no format";
  if (handle.epoch() == 0 || handle.epoch() > epoch) return Cat("a handle is of epoch ", handle.epoch());
  for (const auto& file : handle.files()) {
    if (file.blob().empty()) return "a file has no name";
    if (file.checksum().size() != 32) return Cat("a file's checksum has not 32 digits: ", file.blob());
  }
  for (const auto& [table, floor] : handle.slice_floors()) {
    if (table > 0xffff) return Cat("a floor is of table ", table);
  }
  return "";
}

std::string WrongOperator(const OperatorState& state, const Manifest& manifest) {
  std::vector<KeyGroupRange> ranges;
  for (const SnapshotHandle& handle : state.handles()) {
    if (std::string wrong = WrongHandle(handle, manifest.epoch()); !wrong.empty()) return wrong;
    ranges.push_back({handle.first_key_group(), handle.end_key_group()});
  }
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  uint32_t next = 0;
  for (const KeyGroupRange& range : ranges) {
    if (range.first != next || range.end <= range.first) {
      return Cat("its handles do not hold every key group exactly once: after ", next, " comes [", range.first, ", ",
                 range.end, ")");
    }
    next = range.end;
  }
  if (next != manifest.num_key_groups())
    return Cat("its handles hold key groups up to ", next, " of ", manifest.num_key_groups());
  return "";
}

std::string WrongManifest(const Manifest& manifest) {
  if (!CheckPathPart("pipeline", manifest.pipeline()).ok()) return Cat("the pipeline's name is ", manifest.pipeline());
  if (!CheckPathPart("lineage", manifest.lineage()).ok()) return Cat("the lineage is ", manifest.lineage());
  if (manifest.epoch() == 0) return "it has no epoch";
  if (manifest.generation() == 0) return "it has no generation";
  if (manifest.num_key_groups() != kNumKeyGroups) return Cat("it has ", manifest.num_key_groups(), " key groups");
  std::set<std::string> uids;
  for (const OperatorState& state : manifest.operators()) {
    if (state.uid().empty() || !uids.insert(state.uid()).second)
      return Cat("two operators or a nameless one: ", state.uid());
    if (std::string wrong = WrongOperator(state, manifest); !wrong.empty())
      return Cat("operator ", state.uid(), ": ", wrong);
  }
  uids.clear();
  for (const auto& source : manifest.sources()) {
    if (source.uid().empty() || !uids.insert(source.uid()).second)
      return Cat("two sources or a nameless one: ", source.uid());
    std::set<std::string> splits;
    for (const auto& split : source.splits()) {
      if (!splits.insert(split.id()).second) return Cat("source ", source.uid(), " has split ", split.id(), " twice");
    }
  }
  uids.clear();
  for (const auto& sink : manifest.sinks()) {
    if (sink.uid().empty() || !uids.insert(sink.uid()).second) return Cat("two sinks or a nameless one: ", sink.uid());
    for (const auto& committable : sink.committables()) {
      if (committable.sealed_epoch() == 0 || committable.sealed_epoch() > manifest.epoch()) {
        return Cat("sink ", sink.uid(), " has a committable of epoch ", committable.sealed_epoch());
      }
    }
  }
  return "";
}

}  // namespace

absl::StatusOr<std::string> EncodeManifest(Manifest manifest) {
  manifest.set_format_version(kManifestFormatVersion);
  manifest.clear_checksum();
  if (std::string wrong = WrongManifest(manifest); !wrong.empty()) {
    return Internal("encode the manifest of epoch ", manifest.epoch(), ": ", wrong);
  }
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  if (!manifest.SerializeToCodedStream(&out)) return Internal("encode the manifest of epoch ", manifest.epoch());
  out.Trim();
  AppendChecksumField(&bytes);
  return bytes;
}

absl::StatusOr<Manifest> DecodeManifest(std::string_view bytes, std::string_view pipeline, std::string_view lineage) {
  Manifest manifest;
  const ChecksumField checksum = CheckChecksumField(bytes);
  if (checksum == ChecksumField::kWrong) {
    return DataLoss("decode a manifest of ", pipeline, ": its ", bytes.size(),
                    " bytes do not have the checksum that they name: it is damaged. Restore another checkpoint");
  }
  if (bytes.empty() || !manifest.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return DataLoss("decode a manifest of ", pipeline, ": its ", bytes.size(),
                    " bytes are not one. Restore another checkpoint");
  }
  if (manifest.format_version() == kManifestFormatVersion && checksum == ChecksumField::kAbsent) {
    return DataLoss("decode a manifest of ", pipeline, ": its ", bytes.size(),
                    " bytes lack the checksum at their end: it is cut off. Restore another checkpoint");
  }
  const bool first_version = manifest.format_version() == 1 && checksum == ChecksumField::kAbsent;
  if (!first_version && manifest.format_version() != kManifestFormatVersion) {
    return FailedPrecondition("decode a manifest of ", pipeline, ": it has format version ", manifest.format_version(),
                              ", this program reads ", kManifestFormatVersion, ". Use the release that wrote it");
  }
  if (std::string unknown = UnknownField(manifest); !unknown.empty()) {
    return FailedPrecondition("decode a manifest of ", pipeline, ": unknown ", unknown,
                              ". Use the release that wrote it");
  }
  if (manifest.pipeline() != pipeline || manifest.lineage() != lineage) {
    return FailedPrecondition("decode a manifest of ", pipeline, " ", lineage, ": it is of ", manifest.pipeline(), " ",
                              manifest.lineage());
  }
  if (std::string wrong = WrongManifest(manifest); !wrong.empty()) {
    return DataLoss("decode the manifest of ", pipeline, " epoch ", manifest.epoch(), ": ", wrong,
                    ". Restore another checkpoint");
  }
  manifest.clear_checksum();
  return manifest;
}

absl::Status CheckFingerprints(const Manifest& manifest, const std::map<std::string, std::string>& expected) {
  std::set<std::string> seen;
  for (const OperatorState& state : manifest.operators()) {
    seen.insert(state.uid());
    auto found = expected.find(state.uid());
    if (found == expected.end()) {
      return FailedPrecondition("restore epoch ", manifest.epoch(), ": the checkpoint has state of operator ",
                                state.uid(), ", which the plan does not have. Give the operator its old uid back");
    }
    if (found->second != state.schema_fingerprint()) {
      return FailedPrecondition("restore epoch ", manifest.epoch(), ": the state of operator ", state.uid(),
                                " has another layout than the plan needs: ", state.schema_fingerprint(), ", needed ",
                                found->second, ". Undo the change of its keys or aggregates, or create a new pipeline");
    }
  }
  for (const auto& [uid, fingerprint] : expected) {
    if (seen.contains(uid)) continue;
    return FailedPrecondition("restore epoch ", manifest.epoch(), ": the checkpoint has no state of operator ", uid,
                              ". Give the operator its old uid back, or create a new pipeline");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> PutManifest(BlobStore& blobs, const Manifest& manifest) {
  ASSIGN_OR_RETURN(std::string bytes, EncodeManifest(manifest));
  std::string name =
      ManifestName(manifest.pipeline(), manifest.lineage(), Epoch(manifest.epoch()), Generation(manifest.generation()));
  absl::StatusOr<PutResult> put = failpoint::Around("manifest.put", [&] { return blobs.PutIfAbsent(name, bytes); });
  if (put.ok() && *put == PutResult::kCreated) return name;
  absl::StatusOr<std::string> there = blobs.Get(name);
  if (there.ok() && *there == bytes) return name;
  if (there.ok())
    return Aborted("put manifest ", name, ": another one has that name, of ", there->size(), " bytes, ours ",
                   bytes.size());
  return Annotate(put.ok() ? there.status() : put.status(), "put manifest ", name);
}

absl::StatusOr<Manifest> GetManifest(BlobStore& blobs, std::string_view name, std::string_view pipeline,
                                     std::string_view lineage) {
  absl::StatusOr<std::string> bytes = failpoint::Around("manifest.get", [&] { return blobs.Get(name); });
  if (absl::IsNotFound(bytes.status()))
    return DataLoss("read manifest ", name, ": it is gone. Restore another checkpoint");
  if (!bytes.ok()) return Annotate(bytes.status(), "read manifest ", name);
  absl::StatusOr<Manifest> manifest = DecodeManifest(*bytes, pipeline, lineage);
  if (!manifest.ok()) return Annotate(manifest.status(), "read manifest ", name);
  std::optional<CheckpointBlob> blob = ParseCheckpointBlob(pipeline, lineage, name);
  if (blob && (blob->epoch.value() != manifest->epoch() || blob->generation.value() != manifest->generation())) {
    return DataLoss("read manifest ", name, ": it is that of epoch ", manifest->epoch(), ", generation ",
                    manifest->generation(), ". Restore another checkpoint");
  }
  return manifest;
}

absl::Status CheckSnapshotFiles(BlobStore& blobs, const Manifest& manifest) {
  std::set<std::string> checked;
  for (const auto& state : manifest.operators()) {
    for (const auto& handle : state.handles()) {
      for (const auto& file : handle.files()) {
        if (!checked.insert(file.blob()).second) continue;
        RETURN_IF_ERROR(GetSnapshotFile(blobs, file).status());
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace millrace
