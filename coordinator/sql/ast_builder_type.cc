#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "coordinator/sql/ast_builder.h"

namespace millrace::sql {
namespace {

using P = sql_grammar::SqlParser;

TypeKind KindOf(size_t type) {
  switch (type) {
    case P::K_BOOLEAN:
      return TypeKind::kBoolean;
    case P::K_TINYINT:
      return TypeKind::kTinyint;
    case P::K_SMALLINT:
      return TypeKind::kSmallint;
    case P::K_INT:
    case P::K_INTEGER:
      return TypeKind::kInt;
    case P::K_BIGINT:
      return TypeKind::kBigint;
    case P::K_FLOAT:
    case P::K_REAL:
      return TypeKind::kFloat;
    case P::K_DOUBLE:
      return TypeKind::kDouble;
    case P::K_DECIMAL:
    case P::K_DEC:
    case P::K_NUMERIC:
      return TypeKind::kDecimal;
    case P::K_CHAR:
    case P::K_CHARACTER:
      return TypeKind::kChar;
    case P::K_VARCHAR:
      return TypeKind::kVarchar;
    case P::K_STRING:
      return TypeKind::kString;
    case P::K_BINARY:
      return TypeKind::kBinary;
    case P::K_VARBINARY:
      return TypeKind::kVarbinary;
    case P::K_BYTES:
      return TypeKind::kBytes;
    case P::K_DATE:
      return TypeKind::kDate;
    case P::K_TIME:
      return TypeKind::kTime;
    case P::K_TIMESTAMP:
      return TypeKind::kTimestamp;
    case P::K_TIMESTAMP_LTZ:
      return TypeKind::kTimestampLtz;
    case P::K_INTERVAL:
      return TypeKind::kInterval;
    case P::K_ARRAY:
      return TypeKind::kArray;
    case P::K_MULTISET:
      return TypeKind::kMultiset;
    case P::K_MAP:
      return TypeKind::kMap;
    default:
      return TypeKind::kRow;
  }
}

}  // namespace

TypeName AstBuilder::Type(P::DataTypeContext* context) {
  TypeName type;
  PlainType(context->plainType(), &type);
  type.range = RangeOf(context);
  type.not_null = context->K_NOT() != nullptr;
  for (P::CollectionSuffixContext* suffix : context->collectionSuffix()) {
    TypeName collection;
    collection.range = type.range;
    collection.kind = suffix->K_ARRAY() != nullptr ? TypeKind::kArray : TypeKind::kMultiset;
    collection.not_null = suffix->K_NOT() != nullptr;
    collection.elements.push_back(std::move(type));
    type = std::move(collection);
  }
  return type;
}

void AstBuilder::PlainType(P::PlainTypeContext* context, TypeName* type) {
  if (context->identifier() != nullptr) return NamedType(context, type);
  type->kind = KindOf(TokenOf(context->start).type);
  if (context->K_VARYING() != nullptr) {
    type->kind = type->kind == TypeKind::kChar ? TypeKind::kVarchar : TypeKind::kVarbinary;
  }
  if (P::PrecisionListContext* list = context->precisionList()) {
    type->precision = Number(list->INTEGER(0));
    if (list->INTEGER().size() == 2) {
      if (type->kind == TypeKind::kDecimal) {
        type->scale = Number(list->INTEGER(1));
      } else {
        Refuse(RangeOf(list), "only DECIMAL takes two numbers");
      }
    }
  }
  if (context->K_WITH() != nullptr) {
    if (context->K_LOCAL() == nullptr || type->kind == TypeKind::kTime) {
      Refuse(RangeOf(context),
             type->kind == TypeKind::kTime
                 ? "TIME with a time zone is not supported; use TIME"
                 : "TIMESTAMP WITH TIME ZONE is not supported, as in Flink; use TIMESTAMP_LTZ",
             Diagnostic::Kind::kUnsupported);
    }
    type->kind = TypeKind::kTimestampLtz;
  }
  if (context->intervalUnit() != nullptr) type->interval = Interval(context->intervalUnit());
  for (P::DataTypeContext* element : context->dataType()) type->elements.push_back(Type(element));
  for (P::RowFieldContext* field : context->rowField()) type->fields.push_back(Field(field));
}

// Spellings of other engines, and what is no type at all.
void AstBuilder::NamedType(P::PlainTypeContext* context, TypeName* type) {
  const Identifier name = Name(context->identifier());
  const std::string word = UpperCase(name.text);
  if (P::PrecisionListContext* list = context->precisionList()) type->precision = Number(list->INTEGER(0));
  if (word == "TEXT" && !type->precision) {
    type->kind = TypeKind::kString;
  } else if (word == "TIMESTAMPTZ") {
    type->kind = TypeKind::kTimestampLtz;
  } else {
    // Told when it is bound: the rest of the statement is right, and others stand on it.
    type->kind = TypeKind::kUnknown;
    type->unknown = name;
  }
}

RowField AstBuilder::Field(P::RowFieldContext* context) {
  RowField field;
  field.name = Name(context->identifier());
  field.type = Type(context->dataType());
  if (context->stringLiteral() != nullptr) field.comment = Text(context->stringLiteral());
  return field;
}

}  // namespace millrace::sql
