SELECT * FROM (VALUES (1), (2.5), (3)) AS t(x)
