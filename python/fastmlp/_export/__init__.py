"""Networks in the formats of others, a leaf for each, imported where it is used."""
