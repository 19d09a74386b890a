"""Independent witnesses: plain SQL over the catalog and the data, no code of what they judge."""
