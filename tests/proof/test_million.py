"""The ledger of the measurement is sound, and what is done to it is named."""

from __future__ import annotations

from typing import Any

import psycopg

from ledgerdb.verify.ledger import check_ledger
from proof.million.ledger import CORRUPTIONS, corrupt, fill


def test_a_small_million(connection: psycopg.Connection[Any]) -> None:
    accepted: list[int] = []
    fill(connection, 1_000, accepted.append)
    assert sum(accepted) == 1_000
    full = check_ledger(connection)
    assert full.findings == ()
    assert (full.rows, full.hashed) == (full.rows, full.rows)
    assert full.rows > 2_000
    counted = check_ledger(connection, rows=0)
    assert (counted.findings, counted.rows, counted.hashed) == ((), full.rows, 0)
    corrupt(connection)
    assert {*CORRUPTIONS} <= {*check_ledger(connection).counts}


def test_rows_that_are_not_hashed_are_still_counted(connection: psycopg.Connection[Any]) -> None:
    fill(connection, 1_000, lambda _: None)
    corrupt(connection)
    counted = check_ledger(connection, rows=0).counts
    assert "a sealed range holds as many rows as its seal says" in counted
    assert "the rows of a sealed range are what its seal says" not in counted
