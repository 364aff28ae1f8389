SELECT a.id, b.s FROM n a JOIN texts b ON a.id = b.idd
