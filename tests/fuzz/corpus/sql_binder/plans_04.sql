SELECT n.*, n.i + n.l FROM n AS n
