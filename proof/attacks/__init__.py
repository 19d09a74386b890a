"""Attacks on a database, by logins that have one capability or none."""
