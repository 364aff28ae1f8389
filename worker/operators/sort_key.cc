#include "worker/operators/sort_key.h"

#include "arrow/api.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {

absl::StatusOr<SortKeyEncoder> SortKeyEncoder::Make(const arrow::Schema& schema,
                                                    const google::protobuf::RepeatedPtrField<v1::SortKey>& keys) {
  SortKeyEncoder made;
  for (const v1::SortKey& key : keys) {
    const int column = schema.GetFieldIndex(key.column());
    if (column < 0) return InvalidArgument("sort: key column is missing, or there twice: \"", key.column(), "\"");
    ASSIGN_OR_RETURN(KeyEncoder encoder, KeyEncoder::Make(schema, {&column, 1}));
    made.keys_.push_back({std::move(encoder), key.descending(), key.nulls_last(), {}});
  }
  return made;
}

absl::Status SortKeyEncoder::Encode(const arrow::RecordBatch& batch, std::vector<std::string>& out) {
  out.assign(static_cast<size_t>(batch.num_rows()), std::string());
  for (Key& key : keys_) {
    RETURN_IF_ERROR(key.encoder.Encode(batch, key.rows));
    for (size_t row = 0; row < out.size(); ++row) {
      const std::string_view bytes = key.rows[row];
      std::string& into = out[row];
      if (bytes[0] == '\0') {
        into.push_back(key.nulls_last ? '\2' : '\0');
        continue;
      }
      const size_t begin = into.size() + 1;
      into.append(bytes);
      for (size_t i = begin; key.descending && i < into.size(); ++i) into[i] = static_cast<char>(~into[i]);
    }
  }
  return absl::OkStatus();
}

}  // namespace millrace
