SELECT n.id, x FROM n AS n CROSS JOIN UNNEST(arr) AS t(x) WHERE x > 1 AND id > 2
