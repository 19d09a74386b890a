"""The yardstick: bare statements of the driver, in the same run, on the same server.

What slows the machine slows these as well; what slows a verb does not. They use a database of
their own, so that the server's count of its work for the verbs is of the verbs alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, LiteralString, Self

import psycopg
from psycopg import sql
from sqlalchemy import URL

from ledgerdb.url import database_url

__all__ = ["Yardstick", "yardstick_database"]

_TABLE: Final[LiteralString] = """
create table yardstick (
    id bigint generated always as identity primary key,
    name text not null,
    payload text not null
)
"""
_ONE: Final[LiteralString] = "insert into yardstick (name, payload) values (%s, %s) returning id"
_MANY: Final[LiteralString] = """
insert into yardstick (name, payload)
select t.name, t.payload from unnest(%s::text[], %s::text[]) as t (name, payload)
returning id
"""
_ASK: Final[LiteralString] = "select 1"


class Yardstick:
    """Bare statements on a connection in autocommit: each is a transaction of its own.

    Args:
        url: of `yardstick_database`.
        payload: of a row.
        rows: that `many` inserts.
    """

    def __init__(self, url: URL, payload: str, rows: int) -> None:
        self._connection = connected(url)
        self._payload = payload
        self._names = [f"row-{number}" for number in range(rows)]
        self._payloads = [payload] * rows

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @property
    def pid(self) -> int:
        """Of the server's process."""
        return self._connection.info.backend_pid

    def one(self) -> None:
        """Inserts a row, and asks for a constant."""
        self._connection.execute(_ONE, ["row", self._payload]).fetchall()
        self._connection.execute(_ASK).fetchall()

    def many(self) -> None:
        """Inserts many rows with one statement, and asks for a constant."""
        self._connection.execute(_MANY, [self._names, self._payloads]).fetchall()
        self._connection.execute(_ASK).fetchall()


def connected(url: URL) -> psycopg.Connection[tuple[Any, ...]]:
    """A plain connection of the driver in autocommit; the caller closes it.

    Raises:
        psycopg.Error: it cannot be had.
    """
    return psycopg.connect(
        autocommit=True,
        **{**url.query, **url.translate_connect_args(username="user", database="dbname")},
    )


@contextmanager
def yardstick_database(url: str) -> Iterator[URL]:
    """A database beside another one, with the yardstick's table; gone at the end.

    Raises:
        psycopg.Error: the server does not give one.
    """
    name = f"yardstick_{uuid.uuid4().hex[:12]}"
    address = database_url(url)
    with connected(address) as owner:
        owner.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            beside = address.set(database=name)
            with connected(beside) as connection:
                connection.execute(_TABLE)
            yield beside
        finally:
            owner.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
