// Statements. A script is split at its semicolons before it comes here, a statement set into its INSERTs.
parser grammar SqlStatement;

statement
  : createTable
  | createView
  | insert
  | query
  | explain
  | setOption
  | resetOption
  | show
  | describe
  | drop
  ;

createTable
  : K_CREATE K_TEMPORARY? K_TABLE ifNotExists? qualifiedName
    (LPAREN tableElement (COMMA tableElement)* RPAREN)?
    (K_COMMENT stringLiteral)?
    (K_PARTITIONED K_BY identifierList)?
    (K_WITH optionList)?
    (tableLike | K_AS query)?
  ;

ifNotExists: K_IF K_NOT K_EXISTS ;

tableElement
  : identifier dataType metadataClause? columnConstraint? (K_COMMENT stringLiteral)?   # declaredColumn
  | identifier K_AS expression (K_COMMENT stringLiteral)?                             # computedColumn
  | K_WATERMARK K_FOR qualifiedName K_AS expression                                   # watermark
  | (K_CONSTRAINT identifier)? (K_PRIMARY K_KEY | K_UNIQUE) identifierList enforcement?   # tableKey
  ;

metadataClause: K_METADATA (K_FROM stringLiteral)? K_VIRTUAL? ;

columnConstraint: (K_CONSTRAINT identifier)? (K_PRIMARY K_KEY | K_UNIQUE) enforcement? ;

enforcement: K_NOT? K_ENFORCED ;

optionList: LPAREN (option (COMMA option)*)? RPAREN ;

option: stringLiteral EQ stringLiteral ;

tableLike: K_LIKE qualifiedName (LPAREN likeOption* RPAREN)? ;

likeOption
  : (K_INCLUDING | K_EXCLUDING | K_OVERWRITING)
    (K_ALL | K_CONSTRAINTS | K_GENERATED | K_METADATA | K_OPTIONS | K_PARTITIONS | K_WATERMARKS)
  ;

createView
  : K_CREATE K_TEMPORARY? K_VIEW ifNotExists? qualifiedName identifierList? (K_COMMENT stringLiteral)? K_AS query
  ;

insert
  : K_INSERT (K_INTO | K_OVERWRITE) K_TABLE? qualifiedName hints? staticPartitions? identifierList? query lateData?
  ;

// Ours: where the rows go that the query's window was too late for.
lateData: K_LATE K_DATA K_TO qualifiedName ;

staticPartitions: K_PARTITION LPAREN staticPartition (COMMA staticPartition)* RPAREN ;

staticPartition: identifier EQ literal ;

explain: K_EXPLAIN (K_PLAN K_FOR | explainDetail (COMMA explainDetail)*)? (insert | query) ;

explainDetail: K_ESTIMATED_COST | K_CHANGELOG_MODE | K_JSON_EXECUTION_PLAN | K_PLAN_ADVICE ;

setOption: K_SET option? ;

resetOption: K_RESET stringLiteral? ;

show
  : K_SHOW K_TABLES likePattern?
  | K_SHOW K_VIEWS likePattern?
  | K_SHOW K_USER? K_FUNCTIONS likePattern?
  | K_SHOW K_CREATE (K_TABLE | K_VIEW) qualifiedName
  ;

likePattern: K_NOT? K_LIKE stringLiteral ;

describe: (K_DESCRIBE | K_DESC) K_EXTENDED? qualifiedName ;

drop: K_DROP K_TEMPORARY? (K_TABLE | K_VIEW) (K_IF K_EXISTS)? qualifiedName ;
