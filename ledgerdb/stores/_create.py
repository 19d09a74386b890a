"""Making the file of the file store, and telling it from other files before it is opened."""

from __future__ import annotations

import functools
import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from ledgerdb.errors import ConfigurationError
from ledgerdb.stores._statements import APPLICATION_ID, SCHEMA, SCHEMA_VERSION

__all__ = ["create", "expected_objects", "objects", "recognise"]

_OWNER_ONLY: Final = 0o600
# The header of SQLite's file format: its magic, and where it has user_version and application_id.
_MAGIC: Final = b"SQLite format 3\x00"
_HEADER_BYTES: Final = 100
_USER_VERSION: Final = slice(60, 64)
_APPLICATION_ID: Final = slice(68, 72)


def create(path: Path) -> None:
    """Makes the file, unless another process was faster: it appears under its name when it is whole
    and on the disk, so that nobody ever opens half of it.

    Raises:
        OSError: it cannot be made there.
        sqlite3.Error: it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWNER_ONLY))
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            connection.execute("pragma synchronous = extra")
            connection.execute("pragma journal_mode = wal")
            connection.execute("begin")
            _fill(connection)
            connection.execute(f"pragma application_id = {APPLICATION_ID}")
            connection.execute(f"pragma user_version = {SCHEMA_VERSION}")
            connection.execute("commit")
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        _sync(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def recognise(path: Path) -> None:
    """Looks into the header, without SQLite: a file of somebody else is not touched.

    Raises:
        ConfigurationError: it is no file of this store, or one of another version.
        OSError: it cannot be read.
    """
    if not path.is_file():
        raise ConfigurationError(f"{path}: is no file")
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        raise ConfigurationError(f"{path}: is no file of the file store; give another path")
    if int.from_bytes(header[_APPLICATION_ID]) != APPLICATION_ID:
        raise ConfigurationError(f"{path}: is a database of another program; give another path")
    version = int.from_bytes(header[_USER_VERSION])
    if version != SCHEMA_VERSION:
        raise ConfigurationError(
            f"{path}: has version {version} of the file store, and this release reads"
            f" {SCHEMA_VERSION}; it is for development: begin with a new file"
        )


def objects(connection: sqlite3.Connection) -> frozenset[tuple[str, str]]:
    """Name and definition of everything in a file."""
    found = connection.execute("select name, coalesce(sql, '') from sqlite_schema")
    return frozenset((name, definition) for name, definition in found)


@functools.cache
def expected_objects() -> frozenset[tuple[str, str]]:
    """What `objects` gives for a file of this release."""
    with closing(sqlite3.connect(":memory:")) as connection:
        _fill(connection)
        return objects(connection)


def _fill(connection: sqlite3.Connection) -> None:
    for statement in SCHEMA:
        connection.execute(statement)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
