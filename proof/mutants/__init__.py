"""Functions with a mistake in them, and who notices: `python -m proof mutants`."""
