SELECT id, id, n.id AS id FROM n
