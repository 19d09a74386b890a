"""Servers to try things on: fresh databases at a revision, with replaced functions where asked."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, LiteralString, Self

import psycopg
from psycopg import sql

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate import upgrade

__all__ = ["BASELINE", "FAST", "HEAD", "Ground", "replace_functions", "replacements"]

HEAD: Final = "head"
BASELINE: Final = "0001"  # what deployed databases have: the negative control
REPLACE_VARIABLE: Final = "LEDGERDB_REPLACE"
# The data are never needed after a crash of the machine.
FAST: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
}


class Ground:
    """One embedded server; each database is a clone of a template that was migrated once."""

    def __init__(self, version: int = 18, settings: Mapping[str, str] | None = None) -> None:
        self.server = EmbeddedServer(
            version=version, settings=FAST if settings is None else settings
        )
        self._templates: dict[tuple[str, tuple[str, ...]], str] = {}
        self._numbers = itertools.count(1)

    def url(self, database: str = "postgres") -> str:
        """Of the superuser, over the socket."""
        return self.server.url(database)

    @contextmanager
    def database(self, revision: str = HEAD, *, replaced: tuple[str, ...] = ()) -> Iterator[str]:
        """A database of its own, gone at the end.

        Args:
            revision: how far it is migrated.
            replaced: `create or replace function ...` texts that it has instead of its own.

        Yields:
            Its URL, as the superuser.
        """
        template = self._template(revision, replaced)
        name = f"proof_{next(self._numbers)}"
        with self._administer() as admin:
            admin.execute(_named("create database {} template {}", name, template))
        try:
            yield self.url(name)
        finally:
            with self._administer() as admin:
                admin.execute(_named("drop database {} with (force)", name))

    def _template(self, revision: str, replaced: tuple[str, ...]) -> str:
        key = (revision, replaced)
        if key not in self._templates:
            name = f"template_{next(self._numbers)}"
            with self._administer() as admin:
                admin.execute(_named("create database {} template template0", name))
            upgrade(self.url(name), revision)
            replace_functions(self.url(name), replaced)
            self._templates[key] = name
        return self._templates[key]

    def _administer(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url(), autocommit=True)

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


def replacements() -> tuple[str, ...]:
    """The texts of the files that LEDGERDB_REPLACE names, with `:` between them.

    Somebody who doubts a check breaks a function and sees the check fail: the proofs and the tests
    run on functions replaced like this.
    """
    named = os.environ.get(REPLACE_VARIABLE, "")
    return tuple(Path(name).read_text("utf-8") for name in named.split(os.pathsep) if name)


def replace_functions(url: str, texts: tuple[str, ...]) -> None:
    """Runs the texts as the superuser; owners and privileges of the functions stay."""
    with psycopg.connect(url, autocommit=True) as connection:
        for text in texts:
            connection.execute(text.encode())


def _named(statement: LiteralString, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, names))
