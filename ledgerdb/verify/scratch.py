"""A database that only exists to be tormented: made, migrated, and dropped at the end."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row
from sqlalchemy import URL

from ledgerdb import migrate
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.errors import ConfigurationError, DatabaseUnavailable
from ledgerdb.url import database_url

__all__ = ["APPLICATION_NAME", "connect", "scratch_database"]

APPLICATION_NAME: Final = "ledgerdb-verify"
_CONNECT_SECONDS_MAX: Final = 10


def connect(url: URL, *, autocommit: bool = True) -> psycopg.Connection[tuple[Any, ...]]:
    """A plain connection of the driver; the caller closes it.

    Raises:
        DatabaseUnavailable: it cannot be had.
    """
    # not as a URL again: SQLAlchemy writes a blank as "+", and libpq reads a plus there
    parameters: dict[str, Any] = {
        "connect_timeout": str(_CONNECT_SECONDS_MAX),
        "application_name": APPLICATION_NAME,
        **url.query,
        **url.translate_connect_args(username="user", database="dbname"),
    }
    try:
        return psycopg.connect(autocommit=autocommit, row_factory=tuple_row, **parameters)
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        if url.password:
            reason = reason.replace(str(url.password), "***")
        raise DatabaseUnavailable(f"cannot connect: {reason}") from error


@contextmanager
def scratch_database(url: str | None = None, *, revision: str = "head") -> Iterator[URL]:
    """A migrated database of its own, gone at the end.

    Args:
        url: a database of the server to make it on; only `create database` runs there. The roles
            of ledgerdb belong to the server and stay. None starts an embedded PostgreSQL 18.
        revision: how far to migrate it.

    Raises:
        ConfigurationError: the login is no superuser, or there is no embedded server.
        DatabaseUnavailable: the server cannot be reached.
    """
    if url is None:
        with EmbeddedServer() as server, _made(database_url(server.url()), revision) as made:
            yield made
    else:
        with _made(database_url(url), revision) as made:
            yield made


@contextmanager
def _made(url: URL, revision: str) -> Iterator[URL]:
    name = f"ledgerdb_verify_{uuid.uuid4().hex[:12]}"
    with connect(url) as connection:
        if connection.info.parameter_status("is_superuser") != "on":
            raise ConfigurationError(
                "verifying needs a superuser of the server: it makes a scratch database and tries"
                " what only a superuser could do to it"
            )
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            scratch = url.set(database=name)
            migrate.upgrade(scratch, revision, report=_Quiet())
            yield scratch
        finally:
            connection.execute(
                sql.SQL("drop database {} with (force)").format(sql.Identifier(name))
            )


class _Quiet(migrate.LogReport):
    """The verifier shows steps of its own."""

    def started(self, step: migrate.StepInfo) -> None: ...
    def verified(self, revision: str | None) -> None: ...
