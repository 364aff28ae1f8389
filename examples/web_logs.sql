-- Web logs: the slow and the failed requests of a file of JSON lines.
--
--   millrace run --local examples/web_logs.sql
CREATE TABLE requests (
  `at` TIMESTAMP(3),
  host STRING,
  path STRING,
  status INT,
  ms INT
) WITH ('connector' = 'filesystem', 'path' = 'examples/web_logs.json', 'format' = 'json');

CREATE VIEW trouble AS
SELECT `at`, host, path, status, ms, CASE WHEN status >= 500 THEN 'failed' ELSE 'slow' END AS why
FROM requests
WHERE status >= 500 OR ms > 300;

SELECT why, host, UPPER(path) AS path, ms FROM trouble;
