INSERT INTO o SELECT /*+ UID('agg') */ u, COUNT(*) AS n FROM n /*+ UID('in') */ GROUP BY u
