SELECT i + l + 1 FROM n GROUP BY i + l, u
