SELECT id, k, v FROM n, UNNEST(m) AS t(k, v)
