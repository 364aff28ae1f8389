CREATE TABLE numbers (
  id INT NOT NULL, b BOOLEAN, ti TINYINT, si SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, dc DECIMAL(10, 2), wide DECIMAL(38, 18), u STRING
) WITH ('connector' = 'filesystem', 'path' = '${data}/numbers.json', 'format' = 'json');

CREATE TABLE texts (
  id INT NOT NULL, s STRING, v VARCHAR(10), c CHAR(3), n STRING, bin BYTES
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

CREATE TABLE times (
  id INT NOT NULL, dt DATE, tm TIME, ts TIMESTAMP(3), ts6 TIMESTAMP(6), ltz TIMESTAMP_LTZ(3)
) WITH ('connector' = 'filesystem', 'path' = '${data}/times.json', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601');

CREATE TABLE nested (
  id INT NOT NULL, arr ARRAY<INT>, words ARRAY<STRING>, m MAP<STRING, INT>, r ROW<a INT, b STRING>
) WITH ('connector' = 'filesystem', 'path' = '${data}/nested.json', 'format' = 'json');

CREATE TABLE clicks (
  id INT NOT NULL, user_id STRING, url STRING, amount BIGINT, price DECIMAL(12, 2), event_time TIMESTAMP_LTZ(3) NOT NULL,
  WATERMARK FOR event_time AS event_time - INTERVAL '1' MINUTE
) WITH ('connector' = 'filesystem', 'path' = '${data}/clicks.json', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601');

CREATE TABLE moments (
  id INT NOT NULL, k STRING, n INT, `at` TIMESTAMP_LTZ(3) NOT NULL, wall TIMESTAMP(3) NOT NULL, WATERMARK FOR `at` AS `at` - INTERVAL '1' MINUTE
) WITH ('connector' = 'filesystem', 'path' = '${data}/moments.json', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601');

CREATE TABLE walls (
  id INT NOT NULL, k STRING, n INT, wall TIMESTAMP(3) NOT NULL, WATERMARK FOR wall AS wall - INTERVAL '1' MINUTE
) WITH ('connector' = 'filesystem', 'path' = '${data}/moments.json', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601');

CREATE TEMPORARY VIEW hours AS SELECT window_time AS rowtime, k, COUNT(*) AS c
  FROM TABLE(TUMBLE(TABLE moments, DESCRIPTOR(`at`), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, window_time, k;
