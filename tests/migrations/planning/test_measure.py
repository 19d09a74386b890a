"""What is measured on an empty shadow is what the statement does on a loaded table: all kinds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.planning.hazards import hazards_of
from ledgerdb.planning.measure import Meter
from tests.migrations.planning.conftest import parsed
from tests.migrations.planning.kinds import GRANT, KINDS, ROWS, SCHEMA, Kind


def measured(connection: psycopg.Connection[Any], text: str) -> Kind:
    statement = parsed(text)
    with connection.transaction(force_rollback=True):
        meter = Meter(connection)
        effect = meter.run(text)
    hazards = hazards_of(statement, effect, statement.reads & meter.tables, frozenset())
    found = {hazard.name: hazard.tables for hazard in hazards}
    return Kind(
        text,
        effect.locks,
        found.get("TABLE_REWRITE", ()),
        found.get("FULL_SCAN", ()),
        found.get("INDEX_BUILD", ()),
    )


@pytest.fixture(scope="module", params=[(16, ""), (16, ROWS), (18, ""), (18, ROWS)])
def connection(request: pytest.FixtureRequest) -> Iterator[psycopg.Connection[Any]]:
    """A database with the tables of all kinds, empty or loaded."""
    version, rows = request.param
    server: EmbeddedServer = request.getfixturevalue(f"server_{version}")
    name = f"kinds_{'loaded' if rows else 'empty'}"
    with psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute(f"create database {name}")
        admin.execute("create role clerk")
        with psycopg.connect(server.url(name), autocommit=True) as connection:
            connection.execute(SCHEMA)
            connection.execute(rows)
            yield connection
        admin.execute(f"drop database {name}")
        admin.execute("drop role clerk")


def test_every_kind_is_measured_as_expected(connection: psycopg.Connection[Any]) -> None:
    assert len(KINDS) >= 40
    before_18 = connection.info.server_version < 180_000
    expected = {
        kind.statement: Kind(kind.statement) if before_18 and kind.locks is GRANT else kind
        for kind in KINDS
    }
    assert {kind.statement: measured(connection, kind.statement) for kind in KINDS} == expected


def test_a_lock_that_the_transaction_has_is_still_held(
    connection: psycopg.Connection[Any],
) -> None:
    with connection.transaction(force_rollback=True):
        meter = Meter(connection)
        first = meter.run("lock table payment in access exclusive mode")
        second = meter.run("select count(*) from customer")
    assert first.locks == first.held == {"payment": "ACCESS EXCLUSIVE"}
    assert second.locks == {"customer": "ACCESS SHARE"}
    assert second.held == {"payment": "ACCESS EXCLUSIVE", "customer": "ACCESS SHARE"}


def test_tables_that_the_transaction_makes_do_not_count(
    connection: psycopg.Connection[Any],
) -> None:
    with connection.transaction(force_rollback=True):
        meter = Meter(connection)
        meter.run("create table new (id integer)")
        effect = meter.run("create index ix_new on new (id)")
    assert effect.locks == effect.held == {}
    assert effect.indexed == effect.scanned == ()
