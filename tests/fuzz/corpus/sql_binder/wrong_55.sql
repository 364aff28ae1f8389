SELECT id + 'x' FROM n
