"""Input data: validation of scalars and arrays, targets, datasets, losses."""
