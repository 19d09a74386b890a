"""Alembic's entry point, for `alembic upgrade head` and `ledgerdb upgrade` alike."""

from ledgerdb.migrate import run_env

run_env()
