-- Sensors: ten-second lows, highs and means of readings that come out of order. No Kafka needed:
--
--   millrace run --local examples/sensors.sql
SET 'execution.checkpointing.interval' = '2 s';

CREATE TABLE readings (
  user_id STRING NOT NULL COMMENT 'the sensor',
  event_time TIMESTAMP_LTZ(3) NOT NULL,
  amount BIGINT COMMENT 'tenths of a degree',
  sensor AS REPLACE(user_id, 'user', 'sensor'),
  WATERMARK FOR event_time AS event_time - INTERVAL '1' SECOND
) WITH (
  'connector' = 'generator',
  'rows' = '100000',
  'splits' = '2',
  'seed' = '42',
  'keys' = '50',
  'disorder-ms' = '1000',
  'late-ratio' = '0.01'
);

CREATE TABLE sensors_10s WITH ('connector' = 'delta', 'table-path' = 'out/sensors_10s');
CREATE TABLE sensors_late WITH ('connector' = 'delta', 'table-path' = 'out/sensors_late');

INSERT INTO sensors_10s
SELECT sensor, window_start, COUNT(*) AS readings, MIN(amount) AS low, MAX(amount) AS high, AVG(amount) AS mean
FROM TABLE(TUMBLE(TABLE readings, DESCRIPTOR(event_time), INTERVAL '10' SECOND))
GROUP BY sensor, window_start, window_end
LATE DATA TO sensors_late;
