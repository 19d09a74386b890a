"""The whole way: a reference database with work in it is adopted and upgraded while the old
services go on calling. Nothing is lost, sent twice or misnumbered, and nobody sees an error.
"""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate import upgrade
from ledgerdb.verify.ledger import check_ledger
from tests.migrations.adopt.databases import adopted, everything, facts_of, foreign_domains, rows
from tests.migrations.adopt.traffic import CLAIM, COMPLETE, ENQUEUE, OldServices, completion
from tests.reference.build import build

ANCHORED = "0031"
NAMES = ("sent", "failed", "retried", "drifted", "ended", "expired", "leased", "waiting")


def fill(url: str) -> dict[str, Any]:
    """An item in every state that deployed databases know; the claim of each."""
    claimed: dict[str, Any] = {}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.row_factory = namedtuple_row
        for name in NAMES[:-1]:
            connection.execute(ENQUEUE, (name, "p", name, '{"amount": "1.10"}'))
            (claimed[name],) = connection.execute(CLAIM, (1, "old", 600)).fetchall()
        connection.execute(ENQUEUE, ("waiting", "q", "waiting", "{}"))
        for name, state in (("sent", "DISPATCHED"), ("failed", "FAILED"), ("retried", "RETRYABLE")):
            reference = f"R-{name}" if state == "DISPATCHED" else None
            connection.execute(COMPLETE, completion(claimed[name], "old", state, reference))
        for name, number, state in (("drifted", 1, "RETRYABLE"), ("ended", 1, "FAILED")):
            connection.execute(
                """insert into public.payment_outbox_attempts (outbox_id, instruction_id,
                    participant_id, sequence_id, idempotency_key, rail_type, payload, attempt_no,
                    state)
                select outbox_id, instruction_id, participant_id, sequence_id, idempotency_key,
                    rail_type, payload, %s, %s
                from public.payment_outbox_pending where instruction_id = %s""",
                (number, state, name),
            )
        connection.execute(
            """update public.payment_outbox_pending
            set lease_expires_at = now() - interval '1 second'
            where instruction_id = 'expired'"""
        )
    return claimed


# An older state once: what it lacks does not depend on the version.
@pytest.mark.parametrize(
    ("version", "state"),
    [(16, "0034"), (18, "0034"), (18, "0019")],
    indirect=["version"],
)
def test_nothing_is_lost_and_nobody_sees_an_error(
    server: EmbeddedServer, empty_database_url: str, database_url: str, state: str
) -> None:
    url = empty_database_url
    build(url, state)
    claimed = fill(url)
    facts = facts_of(url)
    foreign = foreign_domains(server, url)
    with OldServices(url) as services:
        services.go_on(60)
        adopted(url, facts)
        services.go_on(30)
        upgrade(url)
        services.go_on(60)
        # a worker that held its leases all along completes them, with the tokens of then
        with psycopg.connect(url, autocommit=True, options="-c role=symphony_executor") as worker:
            done = [
                worker.execute(
                    COMPLETE, completion(claimed[name], "old", "DISPATCHED", f"R-{name}")
                ).fetchall()
                for name in ("leased", "drifted")
            ]
    assert services.errors == []
    assert done == [[(1, "DISPATCHED")], [(2, "DISPATCHED")]]
    services.drain()

    assert everything(url) == everything(database_url)
    assert foreign_domains(server, url) == foreign
    with psycopg.connect(url, autocommit=True) as connection:
        assert check_ledger(connection).findings == ()
    nothing_is_lost_or_repeated(url, services)
    if state >= ANCHORED:
        the_guests_still_work(url)


def nothing_is_lost_or_repeated(url: str, services: OldServices) -> None:
    ended = dict(
        rows(
            url,
            """select outbox_id, array_agg(rail_reference) filter (where state = 'DISPATCHED')
            from public.payment_outbox_attempts group by outbox_id
            having count(*) filter (where state in ('DISPATCHED', 'FAILED')) = 1
                and min(attempt_no) = 1 and count(*) = max(attempt_no)""",
        )
    )
    for outbox_id in services.acknowledged.values():
        assert ended[outbox_id] == services.done[outbox_id]
    assert len(services.tokens) == len(set(services.tokens))
    numbers = rows(
        url,
        """select participant_id, count(distinct sequence_id), max(sequence_id)
        from public.payment_outbox_attempts group by 1""",
    )
    assert all(count == highest for _, count, highest in numbers), numbers
    (report,) = rows(
        url, "select array_agg(distinct action order by action) from outbox_counter_drift_report"
    )
    assert report == (["COUNTER_SET", "ENDED"],)


def the_guests_still_work(url: str) -> None:
    assert rows(
        url,
        """select count(*) from public.payment_outbox_attempts as a
        left join public.rail_dispatch_truth_anchor as t using (attempt_id)
        where (a.state = 'DISPATCHED') <> (t.attempt_id is not null) or a.correlation_id is null""",
    ) == [(0,)]
    with psycopg.connect(url, autocommit=True, options="-c role=symphony_executor") as worker:
        worker.row_factory = namedtuple_row
        with psycopg.connect(url, autocommit=True) as superuser:
            superuser.execute(ENQUEUE, ("unreferenced", "p", "unreferenced", "{}"))
        (item,) = worker.execute(CLAIM, (1, "w", 60)).fetchall()
        with pytest.raises(psycopg.Error) as caught:
            worker.execute(COMPLETE, completion(item, "w", "DISPATCHED", None))
        assert caught.value.sqlstate == "P7005"
