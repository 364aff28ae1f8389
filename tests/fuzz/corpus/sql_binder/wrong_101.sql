SELECT * FROM anything
