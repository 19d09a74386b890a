"""The witness of the ledger: is the history what was written, and does it hold together?

It speaks plain SQL in read-only transactions on one snapshot, and spells the hashes for itself: it
shares no code with the functions that it judges. See docs/adr/0008-seals.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import psycopg
from psycopg.pq import TransactionStatus

from ledgerdb.errors import InvalidArgument
from ledgerdb.verify import ledger_chain, ledger_items
from ledgerdb.verify.ledger_readers import READERS_DEFAULT, read_only, readers_of
from ledgerdb.verify.ledger_report import Finding, Findings, LedgerReport, Unsealed, Watermark

__all__ = [
    "PAYLOADS_DEFAULT",
    "Finding",
    "LedgerReport",
    "Unsealed",
    "Watermark",
    "check_ledger",
]

PAYLOADS_DEFAULT: Final = 10_000


def check_ledger(
    connection: psycopg.Connection[Any],
    *,
    since: Watermark | None = None,
    ceiling: int | None = None,
    payloads: int = PAYLOADS_DEFAULT,
    rows: int | None = None,
    readers: int = READERS_DEFAULT,
    progress: Callable[[str, int], None] = lambda _stage, _done: None,
) -> LedgerReport:
    """Check the seals and the rows under them, then what the items must look like.

    It holds back vacuum while it runs. With a watermark it reads the seals and the rows that came
    since, and the items that changed; rows under older seals only a full check reads again.

    Args:
        connection: not in a transaction; of a role that may read the ledger's tables.
        since: the watermark of an earlier report.
        ceiling: the highest retry ceiling that ever was in force; None takes today's.
        payloads: how many of the newest payloads are compared with their fingerprints.
        rows: how many of the newest sealed rows are hashed again, at least; the others are
            counted. None hashes all.
        readers: how many more sessions of the same login read at the same time.
        progress: told the stage ("seals", "rules") and how many rows or rules are done.

    Raises:
        InvalidArgument: the connection is in a transaction already.
        psycopg.Error: what the server says.
    """
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        raise InvalidArgument(
            "connection: must not be in a transaction", field="connection", rule="idle"
        )
    findings = Findings()
    with connection.transaction():
        read_only(connection)
        already = None if since is None else _position(connection, since)
        with readers_of(connection, readers) as others:
            chain = ledger_chain.check_chain(
                connection,
                others,
                since=since,
                hashed=rows,
                findings=findings,
                progress=progress,
            )
            watermark = since if findings.kept else chain.last
            checked = ledger_items.check_items(
                connection,
                others,
                since=already,
                ceiling=ceiling,
                findings=findings,
                progress=progress,
            )
        ledger_items.check_payloads(connection, payloads, findings)
        backlog = ledger_chain.unsealed(connection, chain)
    return LedgerReport(
        findings=tuple(findings.kept),
        counts=dict(findings.counts),
        invariants=(*ledger_chain.INVARIANTS, *checked, ledger_items.PAYLOADS),
        since=since,
        watermark=watermark,
        seals=chain.seals,
        rows=chain.rows,
        hashed=chain.hashed,
        retired=chain.retired,
        unsealed=backlog,
    )


def _position(connection: psycopg.Connection[Any], since: Watermark) -> int:
    """Up to where attempts were sealed at the watermark."""
    ((position,),) = connection.execute(
        """select coalesce(max(through_position), 0) from public.ledger_seals
        where subject = 'ATTEMPTS' and seal_no <= %s""",
        [since.seal_no],
    ).fetchall()
    return int(position)
