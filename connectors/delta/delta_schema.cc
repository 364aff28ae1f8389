#include "connectors/delta/delta_schema.h"

#include <arrow/type.h>
#include <simdjson.h>

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/macros.h"
#include "connectors/delta/json_writer.h"

namespace millrace {
namespace {

using arrow::Type;
using simdjson::dom::element;

bool IsMicros(const arrow::DataType& type) {
  return static_cast<const arrow::TimestampType&>(type).unit() == arrow::TimeUnit::MICRO;
}

// Delta's name of a type that is not nested; empty: it has none.
std::string PrimitiveName(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::BOOL:
      return "boolean";
    case Type::INT8:
      return "byte";
    case Type::INT16:
      return "short";
    case Type::INT32:
      return "integer";
    case Type::INT64:
      return "long";
    case Type::FLOAT:
      return "float";
    case Type::DOUBLE:
      return "double";
    case Type::STRING:
      return "string";
    case Type::BINARY:
      return "binary";
    case Type::DATE32:
      return "date";
    case Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
      return Cat("decimal(", decimal.precision(), ",", decimal.scale(), ")");
    }
    case Type::TIMESTAMP: {
      const std::string& zone = static_cast<const arrow::TimestampType&>(type).timezone();
      if (!IsMicros(type) || (!zone.empty() && zone != "UTC")) return "";
      return zone.empty() ? "timestamp_ntz" : "timestamp";
    }
    default:
      return "";
  }
}

absl::Status WriteFields(const arrow::FieldVector& fields, JsonWriter& json);

absl::Status WriteType(const arrow::DataType& type, std::string_view column, JsonWriter& json) {
  switch (type.id()) {
    case Type::STRUCT:
      return WriteFields(type.fields(), json);
    case Type::LIST: {
      const auto& list = static_cast<const arrow::ListType&>(type);
      json.BeginObject().Key("type").String("array").Key("elementType");
      RETURN_IF_ERROR(WriteType(*list.value_type(), Cat(column, ".element"), json));
      json.Key("containsNull").Bool(list.value_field()->nullable()).EndObject();
      return absl::OkStatus();
    }
    case Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      json.BeginObject().Key("type").String("map").Key("keyType");
      RETURN_IF_ERROR(WriteType(*map.key_type(), Cat(column, ".key"), json));
      json.Key("valueType");
      RETURN_IF_ERROR(WriteType(*map.item_type(), Cat(column, ".value"), json));
      json.Key("valueContainsNull").Bool(map.item_field()->nullable()).EndObject();
      return absl::OkStatus();
    }
    default: {
      std::string name = PrimitiveName(type);
      if (name.empty()) {
        return InvalidArgument("column ", column, ": Delta has no type for ", type.ToString(),
                               "; cast it to another type");
      }
      json.String(name);
      return absl::OkStatus();
    }
  }
}

absl::Status WriteFields(const arrow::FieldVector& fields, JsonWriter& json) {
  json.BeginObject().Key("type").String("struct").Key("fields").BeginArray();
  for (const auto& field : fields) {
    json.BeginObject().Key("name").String(field->name()).Key("type");
    RETURN_IF_ERROR(WriteType(*field->type(), field->name(), json));
    json.Key("nullable").Bool(field->nullable()).Key("metadata").BeginObject().EndObject().EndObject();
  }
  json.EndArray().EndObject();
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<arrow::DataType>> ParsePrimitive(std::string_view name, std::string_view column) {
  static const std::pair<std::string_view, std::shared_ptr<arrow::DataType> (*)()> kTypes[] = {
      {"boolean", [] { return arrow::boolean(); }},
      {"byte", [] { return arrow::int8(); }},
      {"short", [] { return arrow::int16(); }},
      {"integer", [] { return arrow::int32(); }},
      {"long", [] { return arrow::int64(); }},
      {"float", [] { return arrow::float32(); }},
      {"double", [] { return arrow::float64(); }},
      {"string", [] { return arrow::utf8(); }},
      {"binary", [] { return arrow::binary(); }},
      {"date", [] { return arrow::date32(); }},
      {"timestamp", [] { return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"); }},
      {"timestamp_ntz", [] { return arrow::timestamp(arrow::TimeUnit::MICRO); }},
  };
  for (const auto& [known, make] : kTypes) {
    if (name == known) return make();
  }
  std::string_view digits = name;
  if (digits.starts_with("decimal(") && digits.ends_with(")")) {
    digits.remove_prefix(8);
    digits.remove_suffix(1);
    std::vector<std::string> parts = absl::StrSplit(AbslView(digits), ',');
    int precision = 0;
    int scale = 0;
    if (parts.size() == 2 && absl::SimpleAtoi(parts[0], &precision) && absl::SimpleAtoi(parts[1], &scale) &&
        precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision) {
      return arrow::decimal128(precision, scale);
    }
  }
  return InvalidArgument("column ", column, " of the table has type ", name, ", which we cannot write");
}

absl::StatusOr<arrow::FieldVector> ParseFields(const element& json, std::string_view column);

absl::StatusOr<std::shared_ptr<arrow::DataType>> ParseType(const element& json, std::string_view column) {
  std::string_view name;
  if (json.get_string().get(name) == simdjson::SUCCESS) return ParsePrimitive(name, column);
  if (json["type"].get_string().get(name) != simdjson::SUCCESS) {
    return DataLoss("read the table's schema: column ", column, " has no type");
  }
  if (name == "struct") {
    ASSIGN_OR_RETURN(arrow::FieldVector fields, ParseFields(json, column));
    return arrow::struct_(std::move(fields));
  }
  auto child = [&](const char* key) -> absl::StatusOr<std::shared_ptr<arrow::DataType>> {
    element type;
    if (json[key].get(type) != simdjson::SUCCESS) return DataLoss("read the table's schema: ", column, " has no ", key);
    return ParseType(type, Cat(column, ".", key));
  };
  bool nullable = true;
  if (name == "array") {
    ASSIGN_OR_RETURN(auto value, child("elementType"));
    if (json["containsNull"].get_bool().get(nullable) != simdjson::SUCCESS) nullable = true;
    return arrow::list(arrow::field("element", std::move(value), nullable));
  }
  if (name == "map") {
    ASSIGN_OR_RETURN(auto key, child("keyType"));
    ASSIGN_OR_RETURN(auto value, child("valueType"));
    if (json["valueContainsNull"].get_bool().get(nullable) != simdjson::SUCCESS) nullable = true;
    return arrow::map(std::move(key), arrow::field("value", std::move(value), nullable));
  }
  return InvalidArgument("column ", column, " of the table has type ", name, ", which we cannot write");
}

absl::StatusOr<arrow::FieldVector> ParseFields(const element& json, std::string_view column) {
  simdjson::dom::array fields;
  if (json["fields"].get_array().get(fields) != simdjson::SUCCESS) {
    return DataLoss("read the table's schema: ", column.empty() ? "it" : column, " has no fields");
  }
  arrow::FieldVector out;
  for (element field : fields) {
    std::string_view name;
    element type;
    if (field["name"].get_string().get(name) != simdjson::SUCCESS || field["type"].get(type) != simdjson::SUCCESS) {
      return DataLoss("read the table's schema: a field has no name or no type");
    }
    std::string path = column.empty() ? std::string(name) : Cat(column, ".", name);
    element invariant;
    if (field["metadata"]["delta.invariants"].get(invariant) == simdjson::SUCCESS) {
      return FailedPrecondition("column ", path, " of the table has an invariant, which we cannot enforce; drop it");
    }
    bool nullable = true;
    if (field["nullable"].get_bool().get(nullable) != simdjson::SUCCESS) nullable = true;
    ASSIGN_OR_RETURN(auto arrow_type, ParseType(type, path));
    out.push_back(arrow::field(std::string(name), std::move(arrow_type), nullable));
  }
  return out;
}

// Same type but for names of list and map members, and with nulls only where the table allows them.
bool TypeFits(const arrow::DataType& rows, const arrow::DataType& table) {
  if (rows.id() != table.id()) return false;
  auto fits = [](const arrow::Field& a, const arrow::Field& b) {
    return TypeFits(*a.type(), *b.type()) && (b.nullable() || !a.nullable());
  };
  switch (rows.id()) {
    case Type::LIST:
      return fits(*rows.field(0), *table.field(0));
    case Type::MAP: {
      const auto& a = static_cast<const arrow::MapType&>(rows);
      const auto& b = static_cast<const arrow::MapType&>(table);
      return TypeFits(*a.key_type(), *b.key_type()) && fits(*a.item_field(), *b.item_field());
    }
    case Type::STRUCT: {
      if (rows.num_fields() != table.num_fields()) return false;
      for (int i = 0; i < rows.num_fields(); ++i) {
        if (rows.field(i)->name() != table.field(i)->name() || !fits(*rows.field(i), *table.field(i))) return false;
      }
      return true;
    }
    default:
      return rows.Equals(table);
  }
}

std::string Spell(const arrow::Field& field) {
  JsonWriter json;
  std::string name = PrimitiveName(*field.type());
  if (name.empty() && WriteType(*field.type(), field.name(), json).ok()) name = json.text();
  if (name.empty()) name = field.type()->ToString();
  return Cat(name, field.nullable() ? "" : " not null");
}

bool TypeHasNtz(const arrow::DataType& type) {
  if (type.id() == Type::TIMESTAMP) return static_cast<const arrow::TimestampType&>(type).timezone().empty();
  for (const auto& field : type.fields()) {
    if (TypeHasNtz(*field->type())) return true;
  }
  return false;
}

void ValidateNames(const arrow::FieldVector& fields, std::string_view parent, std::vector<std::string>& mistakes) {
  std::set<std::string> seen;
  for (const auto& field : fields) {
    std::string path = parent.empty() ? field->name() : Cat(parent, ".", field->name());
    if (field->name().empty())
      mistakes.push_back(Cat("a column in ", parent.empty() ? "the table" : parent, " has no name"));
    if (field->name().find_first_of(" ,;{}()\n\t=") != std::string::npos) {
      mistakes.push_back(
          Cat("column ", path, ": Delta forbids the characters ' ,;{}()=', tab and newline in names; rename it"));
    }
    if (!seen.insert(absl::AsciiStrToLower(field->name())).second) {
      mistakes.push_back(Cat("column ", path, ": another column has this name but for its case, which Delta ignores"));
    }
    if (field->type()->id() == Type::STRUCT) ValidateNames(field->type()->fields(), path, mistakes);
  }
}

}  // namespace

absl::StatusOr<std::string> DeltaSchemaString(const arrow::Schema& schema) {
  JsonWriter json;
  RETURN_IF_ERROR(WriteFields(schema.fields(), json));
  return json.Take();
}

absl::StatusOr<std::shared_ptr<arrow::Schema>> ParseDeltaSchema(std::string_view schema_string) {
  simdjson::dom::parser parser;
  element json;
  if (auto error = parser.parse(schema_string.data(), schema_string.size()).get(json); error) {
    return DataLoss("read the table's schemaString: ", simdjson::error_message(error));
  }
  ASSIGN_OR_RETURN(arrow::FieldVector fields, ParseFields(json, ""));
  return arrow::schema(std::move(fields));
}

bool HasTimestampNtz(const arrow::Schema& schema) {
  return std::any_of(schema.fields().begin(), schema.fields().end(),
                     [](const auto& f) { return TypeHasNtz(*f->type()); });
}

absl::Status CheckRowsFitTable(const arrow::Schema& rows, const std::vector<std::string>& rows_partition_by,
                               const arrow::Schema& table, const std::vector<std::string>& table_partition_by) {
  std::vector<std::string> lines;
  for (const auto& field : rows.fields()) {
    auto there = table.GetFieldByName(field->name());
    if (there == nullptr) {
      lines.push_back(
          Cat("column ", field->name(), ": the pipeline writes ", Spell(*field), ", the table has no such column"));
    } else if (!TypeFits(*field->type(), *there->type()) || (field->nullable() && !there->nullable())) {
      lines.push_back(
          Cat("column ", field->name(), ": the pipeline writes ", Spell(*field), ", the table has ", Spell(*there)));
    }
  }
  for (const auto& field : table.fields()) {
    if (!field->nullable() && rows.GetFieldByName(field->name()) == nullptr) {
      lines.push_back(
          Cat("column ", field->name(), ": the table requires ", Spell(*field), ", the pipeline does not write it"));
    }
  }
  if (rows_partition_by != table_partition_by) {
    lines.push_back(Cat("partitioning: the pipeline has (", absl::StrJoin(rows_partition_by, ", "),
                        "), the table has (", absl::StrJoin(table_partition_by, ", "), ")"));
  }
  if (lines.empty()) return absl::OkStatus();
  return InvalidArgument("the pipeline's rows do not fit the table; change the plan, or use another table:\n  ", absl::StrJoin(lines, "\n  "));
}

std::vector<std::string> ValidateDeltaColumns(const arrow::Schema& schema,
                                              const std::vector<std::string>& partition_by) {
  std::vector<std::string> mistakes;
  for (const auto& field : schema.fields()) {
    JsonWriter ignored;
    absl::Status status = WriteType(*field->type(), field->name(), ignored);
    if (!status.ok()) mistakes.emplace_back(status.message());
  }
  ValidateNames(schema.fields(), "", mistakes);
  std::set<std::string> seen;
  for (const std::string& name : partition_by) {
    auto field = schema.GetFieldByName(name);
    if (field == nullptr) {
      mistakes.push_back(Cat("partition column ", name, ": the sink's input has no such column"));
      continue;
    }
    if (!seen.insert(name).second) mistakes.push_back(Cat("partition column ", name, ": it is named twice"));
    Type::type id = field->type()->id();
    if (field->type()->num_fields() > 0 || id == Type::BINARY || id == Type::FLOAT || id == Type::DOUBLE) {
      mistakes.push_back(Cat("partition column ", name, ": its type is ", field->type()->ToString(),
                             "; use BOOLEAN, an integer, DECIMAL, STRING, DATE or a timestamp"));
    }
  }
  if (!partition_by.empty() && static_cast<int>(seen.size()) == schema.num_fields()) {
    mistakes.push_back("every column is a partition column; at least one must not be");
  }
  return mistakes;
}

}  // namespace millrace
