"""The fingerprint of a schema, as evidence names it: SHA-256 over the structure of the catalog."""

from __future__ import annotations

import functools
from typing import Any

import psycopg

from ledgerdb.catalog import Names, expected, fingerprint, read
from ledgerdb.catalog.fingerprint import lines
from ledgerdb.migrate.config import migrations_dir

__all__ = ["describe", "head_fingerprint", "schema_fingerprint"]


def describe(connection: psycopg.Connection[Any]) -> tuple[str, ...]:
    """One line of JSON per object, in order: compare two of them to see where they differ."""
    return lines(read(connection, _our_names()))


def schema_fingerprint(connection: psycopg.Connection[Any]) -> str:
    """64 hex digits; equal on every version of PostgreSQL for the same revision."""
    return fingerprint(read(connection, _our_names()))


@functools.cache
def head_fingerprint() -> str:
    """That of the newest revision of this installation, without a database."""
    return fingerprint(expected.at(migrations_dir()).catalog)


@functools.cache
def _our_names() -> Names:
    return expected.at(migrations_dir()).names
