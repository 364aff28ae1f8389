SELECT id FROM n WHERE id IN (SELECT id FROM texts WHERE n.i = texts.nosuch)
