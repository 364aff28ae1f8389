SELECT idd, n.idd, t.id FROM n
