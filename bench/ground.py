"""The server that all systems share, and a fresh database for each measurement."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, LiteralString, Self

import psycopg
from psycopg import sql

from bench.systems import Layout
from bench.systems.base import script
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate import upgrade

__all__ = ["SERVER_SETTINGS", "Ground"]

# Durable as in production (fsync stays on); no checkpoint comes in the middle of a measurement.
SERVER_SETTINGS: Final = {
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "max_connections": "100",
}


class Ground:
    """One embedded server; each database is a clone of a template that was made once.

    A clone begins and ends with a checkpoint, so that every measurement starts at the same point.

    Args:
        version: of PostgreSQL.
        settings: of the server, by name.
        data_dir: where it keeps its data; None: a temporary folder.
    """

    def __init__(
        self,
        version: int = 18,
        settings: Mapping[str, str] = SERVER_SETTINGS,
        data_dir: Path | None = None,
    ) -> None:
        self.server = EmbeddedServer(data_dir, version=version, settings=settings)
        self._templates: dict[Layout, str] = {}
        self._numbers = itertools.count(1)

    @contextmanager
    def database(self, layout: Layout) -> Iterator[str]:
        """A database of its own, gone at the end.

        Yields:
            Its URL, as the superuser.
        """
        template = self._template(layout)
        name = f"bench_{next(self._numbers)}"
        self._administer("create database {} template {} strategy file_copy", name, template)
        try:
            yield self.server.url(name)
        finally:
            self._administer("drop database {} with (force)", name)

    def _template(self, layout: Layout) -> str:
        if layout not in self._templates:
            name = f"template_{next(self._numbers)}"
            self._administer("create database {} template template0", name)
            url = self.server.url(name)
            if layout.revision is not None:
                upgrade(url, layout.revision)
            if layout.script is not None:
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute(script(layout.script).encode())
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("vacuum (freeze, analyze)")
            self._templates[layout] = name
        return self._templates[layout]

    def ask(self, query: LiteralString) -> list[tuple[Any, ...]]:
        """The rows of a query on the server's own database."""
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            return connection.execute(query).fetchall()

    def wal_position(self) -> int:
        """How many bytes of WAL the server has written in its life."""
        ((position,),) = self.ask(
            "select cast(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') as bigint)"
        )
        return int(position)

    def _administer(self, statement: LiteralString, *names: str) -> None:
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.close()
