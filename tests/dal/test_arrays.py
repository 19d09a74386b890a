"""Columns of a set arrive as they were given, on connections of every maker and encoding."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import create_engine, text

from ledgerdb._adapt import know_wire_types
from ledgerdb.calls import Call
from ledgerdb.calls.wire import WireIntegers, WireStrings, WireTexts, WireUuids, WireWords
from ledgerdb.errors import DatabaseError
from ledgerdb.sync import run
from tests.conftest import Execute

U = UUID("00ff00ff-0000-4000-8000-0000000000ff")
COLUMNS: list[tuple[str, list[Any]]] = [
    ("uuid", WireUuids([U, None, UUID(int=0), UUID(int=2**128 - 1)])),
    ("uuid", WireUuids([None])),
    ("uuid", WireUuids()),
    ("integer", WireIntegers([0, -1, None, 2**31 - 1, -(2**31)])),
    ("integer", WireIntegers([None, None])),
    ("integer", WireIntegers()),
    ("text", WireStrings(["", "NULL", None, '"{},\\', "é😀", " ", "x" * 70_000])),
    ("text", WireStrings([None])),
    ("text", WireStrings()),
    ("text", WireStrings([None, None, "last"])),
    (
        "text",
        WireTexts([b"", b"NULL", "é".encode(), bytearray(b'"{},'), memoryview(b"x" * 70_000)]),
    ),
    ("text", WireTexts()),
    ("public.outbox_attempt_state", WireWords(["DISPATCHED", "FAILED", "RETRYABLE"])),
    ("public.outbox_attempt_state", WireWords()),
]


def asked(kind: str, column: object) -> Call[Any]:
    statement = text(
        f"select item::text from unnest(cast(:column as {kind}[])) with ordinality as t (item, n)"
        " order by n"
    )
    return Call(
        "read", statement, {"column": column}, lambda rows: [r[0] for r in rows], writes=False
    )


def spelled(column: list[Any]) -> list[str | None]:
    buffers = bytes | bytearray | memoryview
    return [
        None if i is None else str(i, "utf-8") if isinstance(i, buffers) else str(i) for i in column
    ]


@pytest.mark.parametrize(("kind", "column"), COLUMNS)
async def test_every_item(execute: Execute, kind: str, column: list[Any]) -> None:
    assert await execute(asked(kind, column)) == spelled(column)


@pytest.mark.parametrize("encoding", ["utf8", "latin1"])
def test_an_engine_of_another_maker(database_url: str, encoding: str) -> None:
    address = database_url.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(f"{address}&client_encoding={encoding}")
    with engine.connect() as other:
        for kind, column in COLUMNS:
            sent = type(column)(i for i in column if "😀" not in str(i))
            assert run(other, asked(kind, sent)) == spelled(sent)
    engine.dispose()


def test_arrays_of_others_are_sent_as_ever(connection: psycopg.Connection[Any]) -> None:
    know_wire_types(connection)
    for given in ([1, 2], [2**40], ["a", None], [U], []):
        row = connection.execute("select %s::text[]", [[str(i) for i in given]]).fetchone()
        assert row == ([str(i) for i in given],)
    row = connection.execute(
        "select pg_typeof(%s)::text, pg_typeof(%s)::text", [[1], [U]]
    ).fetchone()
    assert row == ("smallint[]", "uuid[]")


async def test_a_word_of_no_enum_is_refused(execute: Execute) -> None:
    with pytest.raises(DatabaseError, match="invalid input value for enum"):
        await execute(asked("public.outbox_attempt_state", WireWords(["NOTHING"])))
