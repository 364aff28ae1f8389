#include "state/checkpoint_paths.h"

#include <charconv>
#include <cstdint>

#include "base/error.h"

namespace millrace {
namespace {

constexpr size_t kDigits = 20;
constexpr std::string_view kManifests = "manifests/";
constexpr std::string_view kState = "state/";

std::string Padded(uint64_t number) {
  std::string digits = std::to_string(number);
  return std::string(kDigits - digits.size(), '0') + digits;
}

// Takes a padded number off the front.
std::optional<uint64_t> TakeNumber(std::string_view& in) {
  if (in.size() < kDigits) return std::nullopt;
  uint64_t number = 0;
  auto [end, error] = std::from_chars(in.data(), in.data() + kDigits, number);
  if (error != std::errc() || end != in.data() + kDigits) return std::nullopt;
  in.remove_prefix(kDigits);
  return number;
}

bool Take(std::string_view& in, std::string_view prefix) {
  if (!in.starts_with(prefix)) return false;
  in.remove_prefix(prefix.size());
  return true;
}

}  // namespace

absl::Status CheckPathPart(std::string_view what, std::string_view part) {
  if (part.empty() || part[0] == '.' || part.find('/') != std::string_view::npos) {
    return InvalidArgument("name a checkpoint blob: the ", what, " is empty, begins with a dot or has a slash: ", part);
  }
  return absl::OkStatus();
}

std::string LineagePrefix(std::string_view pipeline, std::string_view lineage) {
  return Cat(pipeline, "/", lineage, "/");
}

std::string ManifestName(std::string_view pipeline, std::string_view lineage, Epoch epoch, Generation generation) {
  return Cat(LineagePrefix(pipeline, lineage), kManifests, Padded(epoch.value()), "-", Padded(generation.value()),
             ".pb");
}

std::string StatePrefix(std::string_view pipeline, std::string_view lineage, std::string_view operator_uid,
                        Epoch epoch) {
  return Cat(LineagePrefix(pipeline, lineage), kState, operator_uid, "/", Padded(epoch.value()));
}

std::optional<CheckpointBlob> ParseCheckpointBlob(std::string_view pipeline, std::string_view lineage,
                                                  std::string_view name) {
  CheckpointBlob blob;
  if (!Take(name, LineagePrefix(pipeline, lineage))) return std::nullopt;
  if (Take(name, kManifests)) {
    blob.kind = CheckpointBlob::Kind::kManifest;
    std::optional<uint64_t> epoch = TakeNumber(name);
    if (!epoch || !Take(name, "-")) return std::nullopt;
    std::optional<uint64_t> generation = TakeNumber(name);
    if (!generation || name != ".pb") return std::nullopt;
    blob.epoch = Epoch(*epoch);
    blob.generation = Generation(*generation);
    return blob;
  }
  if (!Take(name, kState)) return std::nullopt;
  size_t slash = name.find('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  blob.operator_uid = name.substr(0, slash);
  name.remove_prefix(slash + 1);
  std::optional<uint64_t> epoch = TakeNumber(name);
  if (!epoch || name.size() < 2 || name[0] != '/') return std::nullopt;
  blob.epoch = Epoch(*epoch);
  return blob;
}

}  // namespace millrace
