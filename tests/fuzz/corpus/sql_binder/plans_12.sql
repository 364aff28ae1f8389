SELECT * FROM positive WHERE value_ < 10
