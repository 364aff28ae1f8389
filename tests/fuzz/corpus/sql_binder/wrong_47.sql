SELECT nosuch FROM n
