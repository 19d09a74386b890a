"""Runs a revision on a database that is thrown away, statement by statement, and measures it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import psycopg
from psycopg import sql

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen
from ledgerdb.migrate.connection import SESSION
from ledgerdb.planning.hazards import Hazard, hazards_of
from ledgerdb.planning.measure import Effect, Meter
from ledgerdb.planning.statements import Statement, split
from ledgerdb.planning.work import Batch, Work

__all__ = ["TracedBatch", "TracedStatement", "locks_of", "trace"]

# One batch of a backfill: the file makes the function, the runner calls it until nothing is left.
_BACKFILL_BATCH: Final = "select * from pg_temp.ledgerdb_batch(null, 1000)"
_FUNCTIONS: Final = """
    select p.proname from pg_catalog.pg_proc as p
    where p.pronamespace = 'public'::pg_catalog.regnamespace
"""
# What runs outside of a transaction holds its lock while it works, and nothing shows it afterwards.
# tests/migrations/planning/test_concurrently.py looks at pg_locks meanwhile.
_OUTSIDE: Final = "SHARE UPDATE EXCLUSIVE"
_OUTSIDE_FULL: Final = "ACCESS EXCLUSIVE"


@dataclass(frozen=True, slots=True)
class TracedStatement:
    """A statement and what it did; `reads` are tables from before that it names to read them."""

    statement: Statement
    effect: Effect
    reads: frozenset[str]
    hazards: tuple[Hazard, ...]


@dataclass(frozen=True, slots=True)
class TracedBatch:
    """Statements that were committed together.

    Attributes:
        batch: the files.
        statements: in order.
        locks: table -> the strongest mode held at the end, of tables that were there before.
    """

    batch: Batch
    statements: tuple[TracedStatement, ...]
    locks: Mapping[str, str]


def trace(connection: psycopg.Connection[Any], work: Work) -> tuple[TracedBatch, ...]:
    """Runs all of a revision and measures each statement.

    Args:
        connection: in autocommit, to a database that nobody needs.
        work: of the revision that comes next there.

    Raises:
        MigrationError: a statement failed; the message names file and line.
    """
    for name, value in SESSION.items():
        if name != "transaction_timeout":  # PostgreSQL 17
            setting = sql.SQL("set {} = {}").format(sql.Identifier(name), value)
            connection.execute(setting)
    functions = {row[0] for row in connection.execute(_FUNCTIONS)}
    return tuple(_batch(connection, batch, functions) for batch in work.batches)


def locks_of(batches: Collection[TracedBatch]) -> Mapping[str, str]:
    """Table -> the strongest mode that the transaction of the revision takes."""
    return next((b.locks for b in batches if b.batch.phase == "transaction"), {})


def _batch(
    connection: psycopg.Connection[Any], batch: Batch, functions: Collection[str]
) -> TracedBatch:
    statements = tuple(_statements(batch))
    if all(statement.in_transaction for statement in statements):
        with connection.transaction():
            traced = _traced(Meter(connection), statements, functions)
    else:
        traced = _traced(Meter(connection), statements, functions)
    locks = traced[-1].effect.held if traced else {}
    if batch.phase == "transaction":
        # the runner takes the locks of the transaction before its first statement
        traced = tuple(replace(item, effect=replace(item.effect, held=locks)) for item in traced)
    return TracedBatch(batch, traced, locks)


def _statements(batch: Batch) -> Iterator[Statement]:
    for file in batch.files:
        yield from split(file)
        if batch.operation == "backfill":
            yield from split(frozen.SqlFile(file.path, _BACKFILL_BATCH, file.sha256))


def _traced(
    meter: Meter, statements: tuple[Statement, ...], functions: Collection[str]
) -> tuple[TracedStatement, ...]:
    traced = []
    for statement in statements:
        try:
            effect = meter.run(statement.text)
        except psycopg.Error as error:
            reason = error.diag.message_primary or " ".join(str(error).split())
            raise MigrationError(
                f"{statement.file} line {statement.line} fails on the shadow:"
                f" {error.sqlstate} {reason}"
            ) from error
        if not statement.in_transaction:
            effect = _outside(statement, effect)
        reads = statement.reads & meter.tables
        hazards = hazards_of(statement, effect, reads, functions)
        traced.append(TracedStatement(statement, effect, reads, hazards))
    return tuple(traced)


def _outside(statement: Statement, effect: Effect) -> Effect:
    tree = statement.tree
    mode = _OUTSIDE
    match statement.kind:
        case "IndexStmt":
            tables: tuple[str, ...] = (tree.relation.relname,)
        case "VacuumStmt":
            tables = tuple(relation.relation.relname for relation in tree.rels or ())
            full = any(option.defname == "full" for option in tree.options or ())
            mode = _OUTSIDE_FULL if full else mode
        case _:
            tables = effect.unindexed or effect.indexed
    locks = dict.fromkeys(tables, mode)
    reads = statement.kind != "DropStmt"
    return replace(effect, locks=locks, held=locks, scanned=tables if reads else ())
