"""Servers to try things on: fresh databases at a revision, with replaced functions where asked."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, LiteralString, Self

import psycopg
from psycopg import sql

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.errors import ConfigurationError
from ledgerdb.migrate import upgrade

__all__ = [
    "BASELINE",
    "FAST",
    "HEAD",
    "Ground",
    "replace_functions",
    "replacements",
    "work_in_memory",
]

HEAD: Final = "head"
BASELINE: Final = "0001"  # what deployed databases have: the negative control
REPLACE_VARIABLE: Final = "LEDGERDB_REPLACE"
# The data are never needed after a crash of the machine.
FAST: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "max_wal_size": "128MB",
}
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - temporary directories are made in it
_MEMORY_BYTES_MIN: Final = 4 << 30


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
            origin = self._template(revision, ()) if replaced else "template0"
            name = f"template_{next(self._numbers)}"
            with self._administer() as admin:
                admin.execute(_named("create database {} template {}", name, origin))
            self._templates[key] = name
            if not replaced:
                upgrade(self.url(name), revision)
            replace_functions(self.url(name), replaced)
        return self._templates[key]

    def forget(self, revision: str = HEAD, *, replaced: tuple[str, ...]) -> None:
        """Drops what is kept for databases with these functions replaced."""
        name = self._templates.pop((revision, replaced), None)
        if name is not None:
            with self._administer() as admin:
                admin.execute(_named("drop database {} with (force)", name))

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


def work_in_memory() -> None:
    """Temporary files of this process and its children are made in memory, where there is room.

    A clone of a database is several hundred small files: 16 ms in memory, 30 to 200 ms on a disk
    that others use too.
    """
    if "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK):
        return
    if shutil.disk_usage(_MEMORY).free >= _MEMORY_BYTES_MIN:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


def replacements() -> tuple[str, ...]:
    """The texts of the files that LEDGERDB_REPLACE names, with `:` between them.

    Somebody who doubts a check breaks a function and sees the check fail: the proofs and the tests
    run on functions replaced like this.

    Raises:
        ConfigurationError: one cannot be read.
    """
    named = os.environ.get(REPLACE_VARIABLE, "")
    try:
        return tuple(Path(name).read_text("utf-8") for name in named.split(os.pathsep) if name)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{REPLACE_VARIABLE}: cannot be read: {error}") from error


def replace_functions(url: str, texts: tuple[str, ...]) -> None:
    """Runs the texts as the superuser; owners and privileges of the functions stay."""
    with psycopg.connect(url, autocommit=True) as connection:
        for text in texts:
            connection.execute(text.encode())


def _named(statement: LiteralString, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, names))
