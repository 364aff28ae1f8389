SELECT * FROM (VALUES (1, X'00'), (2, X'01')) AS t(x, y)
