"""Hostile arguments for every function and every public entry point."""
