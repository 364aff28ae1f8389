-- Clicks from Kafka, counted per user in windows of five seconds, into Delta tables; every click raw as well. Clicks
-- that come too late for their window and records that cannot be read lie in tables of their own: nothing is lost.
--
--   millrace run examples/clicks.sql
SET 'parallelism.default' = '2';
SET 'execution.checkpointing.interval' = '2 s';

CREATE TABLE clicks (
  user_id STRING NOT NULL,
  url STRING,
  amount BIGINT,
  event_time TIMESTAMP_LTZ(3) NOT NULL,
  `partition` INT NOT NULL METADATA VIRTUAL,
  `offset` BIGINT NOT NULL METADATA VIRTUAL,
  WATERMARK FOR event_time AS event_time - INTERVAL '1' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'clicks',
  'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '10 s',
  'format' = 'json',
  'json.timestamp-format.standard' = 'ISO-8601',
  'decode.on-error' = 'dead-letter',
  'decode.dead-letter.table' = 'clicks_dead'
);

CREATE TABLE clicks_5s (
  user_id STRING NOT NULL,
  window_start TIMESTAMP_LTZ(3) NOT NULL,
  window_end TIMESTAMP_LTZ(3) NOT NULL,
  clicks BIGINT NOT NULL,
  amount BIGINT
) WITH ('connector' = 'delta', 'table-path' = 'out/clicks_5s');

-- Without columns: these have those of what is written into them.
CREATE TABLE clicks_raw WITH ('connector' = 'delta', 'table-path' = 'out/clicks_raw');
CREATE TABLE clicks_late WITH ('connector' = 'delta', 'table-path' = 'out/clicks_late');
CREATE TABLE clicks_dead WITH ('connector' = 'delta', 'table-path' = 'out/clicks_dead');

EXECUTE STATEMENT SET BEGIN
  INSERT INTO clicks_5s
  SELECT user_id, window_start, window_end, COUNT(*) AS clicks, SUM(amount) AS amount
  FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(event_time), INTERVAL '5' SECOND))
  GROUP BY user_id, window_start, window_end
  LATE DATA TO clicks_late;

  INSERT INTO clicks_raw SELECT * FROM clicks;
END;
