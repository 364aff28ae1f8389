#include "connectors/delta/delta_actions.h"

#include <simdjson.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "base/checksum_field.h"
#include "base/error.h"
#include "base/macros.h"
#include "connectors/delta/json_writer.h"

namespace millrace {
namespace {

using simdjson::SUCCESS;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

void WriteStrings(std::string_view key, const std::vector<std::string>& values, JsonWriter& json) {
  json.Key(key).BeginArray();
  for (const std::string& value : values) json.String(value);
  json.EndArray();
}

void WritePartitionValues(const PartitionValues& values, JsonWriter& json) {
  json.Key("partitionValues").BeginObject();
  for (const auto& [column, value] : values) {
    json.Key(column);
    value.has_value() ? json.String(*value) : json.Null();
  }
  json.EndObject();
}

void Write(const DeltaCommitInfo& info, JsonWriter& json) {
  json.BeginObject().Key("commitInfo").BeginObject();
  json.Key("timestamp").Int(info.timestamp_ms).Key("operation").String(info.operation);
  json.Key("operationParameters").BeginObject().Key("outputMode").String("Append");
  json.Key("queryId").String(info.app_id).Key("epochId").String(Cat(info.epoch)).EndObject();
  if (info.read_version.has_value()) json.Key("readVersion").Int(*info.read_version);
  json.Key("isolationLevel").String("WriteSerializable").Key("isBlindAppend").Bool(info.is_blind_append);
  json.Key("engineInfo").String("Millrace/0.1.0");
  // Strings, as other readers expect them to be.
  json.Key("operationMetrics").BeginObject();
  json.Key("numAddedFiles").String(Cat(info.num_files)).Key("numOutputRows").String(Cat(info.num_rows));
  json.Key("numOutputBytes").String(Cat(info.num_bytes)).EndObject();
  json.Key("txnId").String(info.txn_id).Key("digest").String(info.digest);
  json.Key("epoch").String(Cat(info.epoch)).Key("generation").String(Cat(info.generation));
  json.Key("sourcePositions").Raw(info.source_positions).EndObject().EndObject();
}

void Write(const DeltaProtocol& protocol, JsonWriter& json) {
  json.BeginObject().Key("protocol").BeginObject();
  json.Key("minReaderVersion")
      .Int(protocol.min_reader_version)
      .Key("minWriterVersion")
      .Int(protocol.min_writer_version);
  if (protocol.reader_features.has_value()) WriteStrings("readerFeatures", *protocol.reader_features, json);
  if (protocol.writer_features.has_value()) WriteStrings("writerFeatures", *protocol.writer_features, json);
  json.EndObject().EndObject();
}

void Write(const DeltaMetadata& metadata, JsonWriter& json) {
  json.BeginObject().Key("metaData").BeginObject().Key("id").String(metadata.id);
  if (metadata.name.has_value()) json.Key("name").String(*metadata.name);
  if (metadata.description.has_value()) json.Key("description").String(*metadata.description);
  json.Key("format")
      .BeginObject()
      .Key("provider")
      .String("parquet")
      .Key("options")
      .BeginObject()
      .EndObject()
      .EndObject();
  json.Key("schemaString").String(metadata.schema_string);
  WriteStrings("partitionColumns", metadata.partition_columns, json);
  json.Key("configuration").BeginObject();
  for (const auto& [key, value] : metadata.configuration) json.Key(key).String(value);
  json.EndObject();
  if (metadata.created_time_ms.has_value()) json.Key("createdTime").Int(*metadata.created_time_ms);
  json.EndObject().EndObject();
}

void Write(const DeltaTxn& txn, JsonWriter& json) {
  json.BeginObject().Key("txn").BeginObject().Key("appId").String(txn.app_id).Key("version").Int(txn.version);
  if (txn.last_updated_ms.has_value()) json.Key("lastUpdated").Int(*txn.last_updated_ms);
  json.EndObject().EndObject();
}

void Write(const DeltaAdd& add, JsonWriter& json) {
  json.BeginObject().Key("add").BeginObject().Key("path").String(add.path);
  WritePartitionValues(add.partition_values, json);
  json.Key("size").Int(add.size).Key("modificationTime").Int(add.modification_time_ms);
  json.Key("dataChange").Bool(add.data_change);
  if (add.stats.has_value()) json.Key("stats").String(*add.stats);
  json.EndObject().EndObject();
}

void Write(const DeltaRemove& remove, JsonWriter& json) {
  json.BeginObject().Key("remove").BeginObject().Key("path").String(remove.path);
  if (remove.deletion_timestamp_ms.has_value()) json.Key("deletionTimestamp").Int(*remove.deletion_timestamp_ms);
  json.Key("dataChange").Bool(remove.data_change).Key("extendedFileMetadata").Bool(remove.extended_file_metadata);
  if (remove.extended_file_metadata) WritePartitionValues(remove.partition_values, json);
  if (remove.size.has_value()) json.Key("size").Int(*remove.size);
  json.EndObject().EndObject();
}

template <typename Action>
void WriteLine(const Action& action, std::string& text) {
  JsonWriter json;
  Write(action, json);
  text += json.text();
  text += '\n';
}

// Reads fields of one action; the first that is missing or of a wrong type is remembered.
class Fields {
 public:
  explicit Fields(element json) : json_(json) {}

  std::string Text(const char* key) {
    auto value = OptionalText(key);
    if (!value.has_value()) Miss(key);
    return value.value_or("");
  }
  std::optional<std::string> OptionalText(const char* key) {
    std::string_view value;
    if (json_[key].get_string().get(value) != SUCCESS) return std::nullopt;
    return std::string(value);
  }
  int64_t Int(const char* key) {
    auto value = OptionalInt(key);
    if (!value.has_value()) Miss(key);
    return value.value_or(0);
  }
  std::optional<int64_t> OptionalInt(const char* key) {
    int64_t value = 0;
    if (json_[key].get_int64().get(value) != SUCCESS) return std::nullopt;
    return value;
  }
  bool Bool(const char* key, bool absent) {
    bool value = absent;
    return json_[key].get_bool().get(value) == SUCCESS ? value : absent;
  }
  std::optional<std::vector<std::string>> Texts(const char* key) {
    array values;
    if (json_[key].get_array().get(values) != SUCCESS) return std::nullopt;
    std::vector<std::string> out;
    for (element value : values) {
      std::string_view text;
      if (value.get_string().get(text) != SUCCESS) Miss(key);
      out.emplace_back(text);
    }
    return out;
  }
  PartitionValues TextMap(const char* key) {
    PartitionValues out;
    object values;
    if (json_[key].get_object().get(values) != SUCCESS) return out;
    for (auto [name, value] : values) {
      std::string_view text;
      if (value.get_string().get(text) == SUCCESS) {
        out.emplace(name, text);
      } else if (value.is_null()) {
        out.emplace(name, std::nullopt);
      } else {
        Miss(key);
      }
    }
    return out;
  }
  const char* missing() const { return missing_; }

 private:
  void Miss(const char* key) {
    if (missing_ == nullptr) missing_ = key;
  }

  element json_;
  const char* missing_ = nullptr;
};

DeltaCommitInfo ReadCommitInfo(Fields& fields) {
  DeltaCommitInfo info;
  info.timestamp_ms = fields.OptionalInt("timestamp").value_or(0);
  info.operation = fields.OptionalText("operation").value_or("");
  info.read_version = fields.OptionalInt("readVersion");
  info.is_blind_append = fields.Bool("isBlindAppend", false);
  info.txn_id = fields.OptionalText("txnId").value_or("");
  info.digest = fields.OptionalText("digest").value_or("");
  (void)absl::SimpleAtoi(fields.OptionalText("epoch").value_or(""), &info.epoch);
  (void)absl::SimpleAtoi(fields.OptionalText("generation").value_or(""), &info.generation);
  return info;
}

DeltaProtocol ReadProtocol(Fields& fields) {
  return {static_cast<int>(fields.Int("minReaderVersion")), static_cast<int>(fields.Int("minWriterVersion")),
          fields.Texts("readerFeatures"), fields.Texts("writerFeatures")};
}

DeltaMetadata ReadMetadata(Fields& fields) {
  DeltaMetadata metadata{fields.Text("id"),
                         fields.OptionalText("name"),
                         fields.OptionalText("description"),
                         fields.Text("schemaString"),
                         {},
                         {},
                         fields.OptionalInt("createdTime")};
  metadata.partition_columns = fields.Texts("partitionColumns").value_or(std::vector<std::string>());
  for (auto& [key, value] : fields.TextMap("configuration")) metadata.configuration.emplace(key, value.value_or(""));
  return metadata;
}

DeltaAdd ReadAdd(Fields& fields) {
  return {fields.Text("path"),
          fields.TextMap("partitionValues"),
          fields.Int("size"),
          fields.OptionalInt("modificationTime").value_or(0),
          fields.Bool("dataChange", true),
          fields.OptionalText("stats")};
}

DeltaRemove ReadRemove(Fields& fields) {
  return {fields.Text("path"),
          fields.OptionalInt("deletionTimestamp"),
          fields.Bool("dataChange", true),
          fields.Bool("extendedFileMetadata", false),
          fields.TextMap("partitionValues"),
          fields.OptionalInt("size")};
}

// How the first line of a commit of ours ends: a checksum of everything else, before and behind.
constexpr std::string_view kChecksumKey = ",\"checksum\":\"";
constexpr std::string_view kLineEnd = "\"}}";
constexpr size_t kChecksumDigits = 32;

std::string ChecksumOf(std::string_view before, std::string_view behind) { return Xxh128Hex(Cat(before, "\n", behind)); }

// OK also if there is none: others write none.
absl::Status CheckChecksum(std::string_view text, std::string_view name) {
  constexpr size_t kTail = kChecksumKey.size() + kChecksumDigits + kLineEnd.size();
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.size() < kTail || !line.ends_with(kLineEnd)) return absl::OkStatus();
  std::string_view before = line.substr(0, line.size() - kTail);
  if (!line.substr(before.size()).starts_with(kChecksumKey)) return absl::OkStatus();
  std::string_view named = line.substr(before.size() + kChecksumKey.size(), kChecksumDigits);
  std::string_view behind = text.substr(std::min(text.size(), line.size() + 1));
  std::string found = ChecksumOf(before, behind);
  if (found == named) return absl::OkStatus();
  return DataLoss("read ", name, ": its ", text.size(), " bytes have checksum ", found, ", it says ", named,
                  ": it is damaged. Put it back as it was written");
}

}  // namespace

std::string EncodeDeltaCommit(const DeltaCommit& commit) {
  std::string text;
  if (commit.protocol.has_value()) WriteLine(*commit.protocol, text);
  if (commit.metadata.has_value()) WriteLine(*commit.metadata, text);
  for (const DeltaTxn& txn : commit.txns) WriteLine(txn, text);
  for (const DeltaRemove& remove : commit.removes) WriteLine(remove, text);
  for (const DeltaAdd& add : commit.adds) WriteLine(add, text);
  if (!commit.commit_info.has_value()) return text;
  std::string first;
  WriteLine(*commit.commit_info, first);
  first.resize(first.size() - (kLineEnd.size() - 1) - 1);  // "}}" and the end of the line
  return Cat(first, kChecksumKey, ChecksumOf(first, text), kLineEnd, "\n", text);
}

absl::StatusOr<DeltaCommit> DecodeDeltaCommit(std::string_view text, std::string_view name) {
  DeltaCommit commit;
  if (text.empty()) return DataLoss("read ", name, ": it has no bytes: it is damaged. Put it back as it was written");
  RETURN_IF_ERROR(CheckChecksum(text, name));
  simdjson::dom::parser parser;
  int number = 0;
  while (!text.empty()) {
    size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    object actions;
    if (auto error = parser.parse(line.data(), line.size()).get_object().get(actions); error) {
      return DataLoss("read ", name, ": line ", number, " is not a JSON object: ", simdjson::error_message(error));
    }
    for (auto [action, json] : actions) {
      if (json.is_null()) continue;
      Fields fields(json);
      if (action == "commitInfo") {
        commit.commit_info = ReadCommitInfo(fields);
      } else if (action == "protocol") {
        commit.protocol = ReadProtocol(fields);
      } else if (action == "metaData") {
        commit.metadata = ReadMetadata(fields);
      } else if (action == "txn") {
        commit.txns.push_back({fields.Text("appId"), fields.Int("version"), fields.OptionalInt("lastUpdated")});
      } else if (action == "add") {
        commit.adds.push_back(ReadAdd(fields));
      } else if (action == "remove") {
        commit.removes.push_back(ReadRemove(fields));
      }
      if (fields.missing() != nullptr) {
        return DataLoss("read ", name, ": line ", number, ": ", action, " has no valid ", fields.missing());
      }
    }
  }
  return commit;
}

absl::Status CheckProtocol(const DeltaProtocol& protocol) {
  constexpr std::string_view kKnown[] = {"appendOnly", "invariants", "timestampNtz", "vacuumProtocolCheck"};
  int reader = protocol.min_reader_version;
  int writer = protocol.min_writer_version;
  if ((reader != 1 && reader != 3) || (writer != 1 && writer != 2 && writer != 7)) {
    return FailedPrecondition("the table requires protocol (reader ", reader, ", writer ", writer,
                              "); we write (1,1), (1,2), (1,7) and (3,7). Write to another table");
  }
  for (const auto& features : {protocol.reader_features, protocol.writer_features}) {
    if (!features.has_value()) continue;
    for (const std::string& feature : *features) {
      if (std::find(std::begin(kKnown), std::end(kKnown), feature) == std::end(kKnown)) {
        return FailedPrecondition("the table uses feature ", feature,
                                  ", which we cannot write. Drop it or write to another table");
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace millrace
