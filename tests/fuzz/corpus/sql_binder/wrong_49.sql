SELECT id FROM nubmers
