"""The online operations of revisions, as the runner calls them: on a connection of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy import Connection

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen
from ledgerdb.migrate.connection import connect
from ledgerdb.migrate.journal import JournalRow
from ledgerdb.migrate.online import backfill, constraints, indexes
from ledgerdb.migrate.online.watch import Watch
from ledgerdb.migrate.surroundings import Surroundings

__all__ = ["OPERATIONS"]

_Act = Callable[[Connection, frozen.SqlFile, Watch], None]
_Perform = Callable[[frozen.SqlFile, JournalRow, Surroundings], None]


def _watched(act: _Act) -> _Perform:
    def perform(file: frozen.SqlFile, row: JournalRow, around: Surroundings) -> None:
        with _step(row, around) as (connection, watch):
            act(connection, file, watch)

    return perform


def _backfill(file: frozen.SqlFile, row: JournalRow, around: Surroundings) -> None:
    with _step(row, around) as (connection, watch):
        try:
            backfill.run(connection, file, backfill.Place(row.revision, row.step_no), watch)
        except psycopg.Error as error:
            reason = error.diag.message_primary or " ".join(str(error).split())
            raise MigrationError(
                f"revision {row.revision}, {file.label} failed: {error.sqlstate or ''} {reason};"
                " what was done is kept: run it again to go on"
            ) from error


@contextmanager
def _step(row: JournalRow, around: Surroundings) -> Iterator[tuple[Connection, Watch]]:
    with connect(around.url, autocommit=True) as connection:
        yield (
            connection,
            Watch(
                witness=around.witness,
                on_progress=lambda done, total: around.on_progress(row.name, done, total),
                on_blocked=around.on_blocked,
            ),
        )


OPERATIONS: Final[Mapping[str, _Perform]] = {
    "backfill": _backfill,
    "build_index": _watched(indexes.build),
    "drop_index_concurrently": _watched(indexes.drop),
    "validate_constraint": _watched(constraints.validate),
}
