"""What newcomers get wrong in scripts: name, the script, and what is said, with <FILE> for its path.

Every script begins with sql_cases.TABLES, three lines, unless it is bytes: these are the whole file.
"""

MISTAKES = [
    ("empty", b"", """<FILE>:1:1: the script has no statement; write a SELECT or an INSERT
  <*>
  ^
"""),
    ("comment", b"-- only a comment\n/* and another */\n", """<FILE>:1:1: the script has no statement; write a SELECT or an INSERT
  -- only a comment
  ^
"""),
    ("mark", b"\xef\xbb\xbfSELECT a FROM nowhere;", """<FILE>:1:15: there is no table 'nowhere'; none is declared: CREATE TABLE it first
  SELECT a FROM nowhere;
                ^^^^^^^
"""),
    ("windows_lines", b"-- one\r\nSELECT a\r\nFROM nowhere;\r\n", """<FILE>:3:6: there is no table 'nowhere'; none is declared: CREATE TABLE it first
  FROM nowhere;
       ^^^^^^^
"""),
    ("latin1", b"SELECT 'caf\xe9';", """<FILE>:1:8: this text is not UTF-8
  SELECT 'caf\N{REPLACEMENT CHARACTER}';
         ^^^^^^
"""),
    ("no_options", b"CREATE TABLE t (a INT); SELECT a FROM t;",
     """<FILE>:1:14: table 't' has no option 'connector'; add WITH ('connector' = 'kafka', \N{HORIZONTAL ELLIPSIS})
  CREATE TABLE t (a INT); SELECT a FROM t;
               ^
"""),
    ("connector", b"CREATE TABLE t (a INT) WITH ('connector' = 'kafak'); SELECT a FROM t;",
     """<FILE>:1:44: there is no connector 'kafak'; did you mean 'kafka'?
  CREATE TABLE t (a INT) WITH ('connector' = 'kafak'); SELECT a FROM t;
                                             ^^^^^^^
"""),
    ("two_selects", "SELECT user_id FROM orders;\nSELECT amount FROM orders;",
     """<FILE>:5:1: a script has one SELECT at most, and line 4 has one already; put them in two files, or together with UNION ALL
  SELECT amount FROM orders;
  ^^^^^^^^^^^^^^^^^^^^^^^^^
"""),
    ("select_and_insert", "SELECT user_id FROM orders;\nINSERT INTO nowhere SELECT user_id FROM orders;",
     """<FILE>:5:1: a script either writes tables or has one SELECT that shows its rows, and line 4 has a SELECT already; put them in two files
  INSERT INTO nowhere SELECT user_id FROM orders;
  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
"""),
    ("semicolon", "INSERT INTO nowhere SELECT user_id FROM orders\nINSERT INTO nowhere SELECT user_id FROM orders",
     """<FILE>:5:1: a ';' is missing in front of INSERT
  INSERT INTO nowhere SELECT user_id FROM orders
  ^^^^^^
"""),
    ("function", "SELECT UPER(user_id) FROM orders;", """<FILE>:4:8: there is no function 'UPER'; did you mean 'upper'?
  SELECT UPER(user_id) FROM orders;
         ^^^^^^^^^^^^^
"""),
    ("into_source", "INSERT INTO orders SELECT user_id, 1, 2 FROM orders;",
     """<FILE>:2:21: table 'orders' cannot be written: the generator only makes rows; write to <*>
  WITH ('connector' = 'generator', 'rows' = '3', 'splits' = '1', 'seed' = '7');
                      ^^^^^^^^^^^
"""),
    ("columns", "INSERT INTO nowhere SELECT user_id, amount FROM orders;",
     """<FILE>:4:21: the query gives 2 columns [user_id STRING NOT NULL, amount BIGINT], but 'nowhere' takes 1 [user_id STRING]
  INSERT INTO nowhere SELECT user_id, amount FROM orders;
                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
"""),
    ("type", "INSERT INTO nowhere SELECT amount FROM orders;",
     """<FILE>:4:28: column 1 of 'nowhere' is user_id STRING, but the query gives amount BIGINT; write CAST(\N{HORIZONTAL ELLIPSIS} AS STRING)
  INSERT INTO nowhere SELECT amount FROM orders;
                             ^^^^^^
"""),
    ("comparison", "SELECT user_id FROM orders WHERE amount = 'a';",
     """<FILE>:4:34: BIGINT and CHAR(1) NOT NULL cannot be compared; CAST one of them, such as CAST(\N{HORIZONTAL ELLIPSIS} AS BIGINT)
  SELECT user_id FROM orders WHERE amount = 'a';
                                   ^^^^^^^^^^^^
"""),
    ("reserved", "SELECT user_id AS user FROM orders;", """<FILE>:4:19: USER is a reserved word; as a name, quote it: `user`
  SELECT user_id AS user FROM orders;
                    ^^^^
"""),
    ("double_quotes", 'SELECT amount FROM orders WHERE user_id = "u1";',
     """<FILE>:4:43: double quotes mean nothing here; text stands in 'single quotes', a name in `back quotes`
  SELECT amount FROM orders WHERE user_id = "u1";
                                            ^^^^
"""),
    ("unbounded_group", b"CREATE TABLE t (a INT) WITH ('connector' = 'datagen');\nSELECT COUNT(*) FROM t;",
     """<FILE>:2:8: an aggregate without a window over unbounded input is not supported; group by window_start and window_end of TUMBLE, or bound the source
  SELECT COUNT(*) FROM t;
         ^^^^^^^^
"""),
]
