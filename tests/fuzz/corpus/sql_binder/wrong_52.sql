SELECT id FROM n AS a, texts AS b
