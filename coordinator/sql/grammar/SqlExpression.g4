// Expressions, from what binds closest to what binds loosest, as Calcite's table has it. `valueExpression` ends
// below the predicates, so that the AND of a BETWEEN is its own.
parser grammar SqlExpression;

expression
  : valueExpression                                                                    # value
  | expression K_IS K_NOT? K_DISTINCT K_FROM expression                                # distinctFrom
  | expression K_NOT? K_BETWEEN (K_SYMMETRIC | K_ASYMMETRIC)? valueExpression K_AND valueExpression   # between
  | expression K_NOT? K_IN LPAREN (query | expression (COMMA expression)*) RPAREN      # in
  | expression K_NOT? (K_LIKE | K_SIMILAR K_TO) valueExpression (K_ESCAPE valueExpression)?   # like
  | expression comparison (K_ALL | K_ANY | K_SOME) LPAREN query RPAREN                 # quantified
  | expression (comparison | K_OVERLAPS) expression                                    # comparing
  | expression K_IS K_NOT? (K_NULL | K_TRUE | K_FALSE | K_UNKNOWN)                     # test
  | K_NOT expression                                                                   # negation
  | expression K_AND expression                                                        # conjunction
  | expression K_OR expression                                                         # disjunction
  ;

comparison: EQ | NE | LT | LE | GT | GE ;

valueExpression
  : primary                                                                            # atom
  | valueExpression DOT identifier                                                     # field
  | valueExpression LBRACKET expression RBRACKET                                       # element
  | (PLUS | MINUS) valueExpression                                                     # signed
  | valueExpression (STAR | SLASH | PERCENT | CONCAT) valueExpression                  # product
  | valueExpression (PLUS | MINUS) valueExpression                                     # sum
  ;

primary
  : literal                                                                            # constant
  | LPAREN query RPAREN                                                                # scalarSubquery
  | LPAREN expression (COMMA expression)* RPAREN                                       # parenthesized
  | K_ROW LPAREN (expression (COMMA expression)*)? RPAREN                              # row
  | K_ARRAY LBRACKET (expression (COMMA expression)*)? RBRACKET                        # array
  | K_MAP LBRACKET (expression COMMA expression (COMMA expression COMMA expression)*)? RBRACKET   # map
  | K_EXISTS LPAREN query RPAREN                                                       # exists
  | K_CASE expression? whenClause+ elseClause? K_END                                   # case
  | (K_CAST | K_TRY_CAST) LPAREN expression K_AS dataType RPAREN                       # cast
  | K_EXTRACT LPAREN timeUnit K_FROM expression RPAREN                                 # extract
  | K_TRIM LPAREN ((K_BOTH | K_LEADING | K_TRAILING)? expression? K_FROM)? expression RPAREN   # trim
  | K_SUBSTRING LPAREN expression ((K_FROM | COMMA) expression ((K_FOR | COMMA) expression)?)? RPAREN   # substring
  | K_POSITION LPAREN valueExpression K_IN expression (K_FROM expression)? RPAREN      # position
  | K_OVERLAY LPAREN expression K_PLACING expression K_FROM expression (K_FOR expression)? RPAREN   # overlay
  | (K_CEIL | K_CEILING | K_FLOOR) LPAREN expression (K_TO timeUnit)? RPAREN           # rounding
  | (K_TIMESTAMPADD | K_TIMESTAMPDIFF) LPAREN timeUnit COMMA expression COMMA expression RPAREN   # timestampArithmetic
  | functionCall                                                                       # call
  | NILADIC_WORD                                                                       # niladic
  | K_USER                                                                             # niladic
  | identifier                                                                         # column
  ;

whenClause: K_WHEN expression (COMMA expression)* K_THEN expression ;

elseClause: K_ELSE expression ;

functionCall
  : functionName LPAREN ((K_ALL | K_DISTINCT)? (STAR | functionArgument (COMMA functionArgument)*)
                         (K_ORDER K_BY orderItem (COMMA orderItem)*)?)? RPAREN
    withinGroup? ((K_IGNORE | K_RESPECT) K_NULLS)? (K_FILTER LPAREN whereClause RPAREN)?
    (K_OVER (windowSpecification | identifier))?
  ;

withinGroup: K_WITHIN K_GROUP LPAREN K_ORDER K_BY orderItem (COMMA orderItem)* RPAREN ;

functionName
  : identifier | FUNCTION_WORD | NILADIC_WORD | K_LEFT | K_RIGHT | K_GROUPING | K_YEAR | K_MONTH | K_DAY | K_HOUR
  | K_MINUTE | K_SECOND | K_SOME
  ;

functionArgument
  : (identifier ARROW)?
    ( K_TABLE qualifiedName hints? argumentPartition?
    | K_TABLE LPAREN query RPAREN argumentPartition?
    | K_DESCRIPTOR identifierList
    | expression)
  ;

argumentPartition
  : K_PARTITION K_BY (LPAREN expression (COMMA expression)* RPAREN | expression)
    (K_ORDER K_BY (LPAREN orderItem (COMMA orderItem)* RPAREN | orderItem))?
  ;

literal
  : K_NULL | K_TRUE | K_FALSE | K_UNKNOWN
  | INTEGER | DECIMAL | APPROXIMATE
  | stringLiteral
  | BINARY_STRING
  | K_DATE stringLiteral
  | K_TIME stringLiteral
  | K_TIMESTAMP (K_WITH K_LOCAL K_TIME K_ZONE)? stringLiteral
  | interval
  ;

interval: K_INTERVAL (PLUS | MINUS)? stringLiteral intervalUnit? ;

intervalUnit: timeUnit precisionList? (K_TO timeUnit precisionList?)? ;

precisionList: LPAREN INTEGER (COMMA INTEGER)? RPAREN ;

timeUnit
  : K_YEAR | K_YEARS | K_QUARTER | K_QUARTERS | K_MONTH | K_MONTHS | K_WEEK | K_WEEKS | K_DAY | K_DAYS | K_HOUR
  | K_HOURS | K_MINUTE | K_MINUTES | K_SECOND | K_SECONDS | K_MILLENNIUM | K_CENTURY | K_DECADE | K_DOW | K_DOY
  | K_EPOCH | K_ISODOW | K_ISOYEAR | K_MILLISECOND | K_MICROSECOND | K_NANOSECOND
  ;
