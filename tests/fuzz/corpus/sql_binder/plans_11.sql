SELECT k FROM (SELECT id AS k, i / 2 AS unused FROM n) WHERE k > 3
