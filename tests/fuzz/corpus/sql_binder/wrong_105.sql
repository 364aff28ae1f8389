INSERT INTO o (nmae, id) SELECT u, id FROM n
