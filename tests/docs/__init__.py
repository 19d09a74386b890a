"""The documentation: its code runs, its site is built strictly, its references are complete."""
