SELECT nosuch(id) FROM n
