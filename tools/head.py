"""A throw-away database at head, for what is generated from one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

from ledgerdb import migrate
from ledgerdb.embedded import EmbeddedServer

__all__ = ["POSTGRES", "database_at_head"]

POSTGRES: Final = 18
_NAME: Final = "ledger"


@contextmanager
def database_at_head() -> Iterator[tuple[EmbeddedServer, str, str]]:
    """The server, the database's name and the revision it is at."""
    with (
        tempfile.TemporaryDirectory(prefix="ledgerdb-head-") as folder,
        EmbeddedServer(Path(folder), version=POSTGRES) as server,
    ):
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f"create database {_NAME}")
        yield server, _NAME, migrate.upgrade(server.url(_NAME)) or "base"
