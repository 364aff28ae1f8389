// Queries: INTERSECT binds closer than UNION and EXCEPT; ORDER BY and LIMIT belong to the whole of a set operation.
parser grammar SqlQuery;

query
  : (K_WITH commonTable (COMMA commonTable)*)? queryBody (K_ORDER K_BY orderItem (COMMA orderItem)*)? rowLimit*
  ;

commonTable: identifier identifierList? K_AS LPAREN query RPAREN ;

rowLimit
  : K_LIMIT (expression | K_ALL)
  | K_OFFSET expression (K_ROW | K_ROWS)?
  | K_FETCH (K_FIRST | K_NEXT) expression? (K_ROW | K_ROWS) K_ONLY
  ;

orderItem: expression (K_ASC | K_DESC)? (K_NULLS (K_FIRST | K_LAST))? ;

queryBody
  : queryTerm                                                       # plainQuery
  | queryBody K_INTERSECT (K_ALL | K_DISTINCT)? queryBody           # intersection
  | queryBody (K_UNION | K_EXCEPT) (K_ALL | K_DISTINCT)? queryBody  # unionOrExcept
  ;

queryTerm
  : select
  | K_VALUES expression (COMMA expression)*
  | K_TABLE qualifiedName
  | LPAREN query RPAREN
  ;

select
  : K_SELECT hints? (K_ALL | K_DISTINCT)? selectItem (COMMA selectItem)*
    (K_FROM tableReference (COMMA tableReference)*)?
    whereClause?
    (K_GROUP K_BY groupingElement (COMMA groupingElement)*)?
    havingClause?
    (K_WINDOW namedWindow (COMMA namedWindow)*)?
  ;

whereClause: K_WHERE expression ;

havingClause: K_HAVING expression ;

selectItem
  : STAR
  | qualifiedName DOT STAR
  | expression (K_AS? identifier)?
  ;

groupingElement
  : K_GROUPING K_SETS LPAREN groupingElement (COMMA groupingElement)* RPAREN
  | (K_CUBE | K_ROLLUP) LPAREN expression (COMMA expression)* RPAREN
  | LPAREN RPAREN
  | expression
  ;

namedWindow: identifier K_AS windowSpecification ;

windowSpecification
  : LPAREN identifier? (K_PARTITION K_BY expression (COMMA expression)*)? (K_ORDER K_BY orderItem (COMMA orderItem)*)?
    windowFrame? RPAREN
  ;

windowFrame: (K_ROWS | K_RANGE) (K_BETWEEN frameBound K_AND frameBound | frameBound) ;

frameBound
  : K_UNBOUNDED (K_PRECEDING | K_FOLLOWING)
  | K_CURRENT K_ROW
  | valueExpression (K_PRECEDING | K_FOLLOWING)
  ;

tableReference: tablePrimary join* ;

join
  : K_CROSS K_JOIN tablePrimary
  | K_NATURAL joinKind? K_JOIN tablePrimary
  | joinKind? K_JOIN tablePrimary (K_ON expression | K_USING identifierList)
  ;

joinKind: K_INNER | (K_LEFT | K_RIGHT | K_FULL) K_OUTER? ;

tablePrimary
  : qualifiedName hints? (K_FOR K_SYSTEM_TIME K_AS K_OF valueExpression)? matchRecognize? tableAlias?   # namedTable
  | K_LATERAL? LPAREN query RPAREN tableAlias?                                         # derivedTable
  | K_LATERAL? K_TABLE LPAREN functionCall RPAREN tableAlias?                          # tableFunction
  | functionCall tableAlias?                                                           # bareTableFunction
  | K_LATERAL? K_UNNEST LPAREN expression (COMMA expression)* RPAREN (K_WITH K_ORDINALITY)? tableAlias?   # unnest
  | LPAREN tableReference RPAREN                                                       # parenthesizedTable
  ;

tableAlias: K_AS? identifier identifierList? ;

matchRecognize: K_MATCH_RECOGNIZE LPAREN balancedToken* RPAREN ;

balancedToken: LPAREN balancedToken* RPAREN | ~(LPAREN | RPAREN | SEMICOLON) ;

hints: HINT_BEGIN hint (COMMA? hint)* HINT_END ;

hint: identifier (LPAREN (hintArgument (COMMA hintArgument)*)? RPAREN)? ;

hintArgument
  : (stringLiteral | qualifiedName) EQ stringLiteral
  | stringLiteral
  | qualifiedName
  | INTEGER
  ;
