CREATE TABLE clicks (
  user_id STRING, url STRING, amount BIGINT, price DECIMAL(12, 2), tags ARRAY<STRING>,
  event_time TIMESTAMP_LTZ(3) NOT NULL,
  WATERMARK FOR event_time AS event_time - INTERVAL '10' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'clicks', 'properties.bootstrap.servers' = 'kafka:9092', 'format' = 'json',
  'decode.on-error' = 'dead-letter', 'decode.dead-letter.table' = 'bad_clicks');
CREATE TABLE views_ (
  user_id STRING, seen TIMESTAMP(3), total AS 1 + 2,
  WATERMARK FOR seen AS seen - INTERVAL '10' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'views', 'properties.bootstrap.servers' = 'kafka:9092', 'format' = 'json');
CREATE TABLE bad_clicks WITH ('connector' = 'delta', 'table-path' = '/bad_clicks');
CREATE TABLE numbers (id INT NOT NULL, b BOOLEAN, i INT, l BIGINT, d DOUBLE, dc DECIMAL(10, 2), u STRING, arr ARRAY<INT>, m MAP<STRING, INT>)
  WITH ('connector' = 'filesystem', 'path' = '/numbers', 'format' = 'json');
CREATE TABLE texts (id INT NOT NULL, s STRING, v VARCHAR(10), c CHAR(3)) WITH ('connector' = 'filesystem', 'path' = '/texts', 'format' = 'json');
CREATE TABLE per_user (user_id STRING, window_start TIMESTAMP(3), window_end TIMESTAMP(3), n BIGINT) WITH ('connector' = 'delta', 'table-path' = '/per_user');
CREATE TABLE late_clicks (user_id STRING, window_end TIMESTAMP_LTZ(3), `watermark` TIMESTAMP_LTZ(3)) WITH ('connector' = 'delta', 'table-path' = '/late_clicks');
CREATE TABLE strict (id INT NOT NULL, name STRING, at_ TIMESTAMP(3)) PARTITIONED BY (name) WITH ('connector' = 'delta', 'table-path' = '/strict');
CREATE TABLE anything WITH ('connector' = 'delta', 'table-path' = '/anything');
CREATE VIEW positive (id, value_) AS SELECT id, i FROM numbers WHERE i > 0;
