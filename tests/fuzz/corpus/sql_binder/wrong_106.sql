INSERT INTO positive SELECT id, i FROM n
