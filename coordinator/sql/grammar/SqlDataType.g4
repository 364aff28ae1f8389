// Types. A lexer that knows types apart from comparisons is not needed: `>` is one token, so >> closes two.
parser grammar SqlDataType;

dataType: plainType (K_NOT? K_NULL)? collectionSuffix* ;

collectionSuffix: (K_ARRAY | K_MULTISET) (K_NOT? K_NULL)? ;

plainType
  : (K_BOOLEAN | K_TINYINT | K_SMALLINT | K_INT | K_INTEGER | K_BIGINT | K_FLOAT | K_REAL | K_STRING | K_BYTES | K_DATE)
  | K_DOUBLE K_PRECISION?
  | (K_DECIMAL | K_DEC | K_NUMERIC) precisionList?
  | (K_CHAR | K_CHARACTER | K_BINARY) K_VARYING? precisionList?
  | (K_VARCHAR | K_VARBINARY | K_TIMESTAMP_LTZ) precisionList?
  | (K_TIME | K_TIMESTAMP) precisionList? ((K_WITH K_LOCAL? | K_WITHOUT) K_TIME K_ZONE)?
  | K_INTERVAL intervalUnit
  | K_ARRAY LT dataType GT
  | K_MULTISET LT dataType GT
  | K_MAP LT dataType COMMA dataType GT
  | K_ROW (LT rowField (COMMA rowField)* GT | LPAREN rowField (COMMA rowField)* RPAREN)
  | identifier precisionList?
  ;

rowField: identifier dataType stringLiteral? ;
