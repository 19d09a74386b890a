"""How often the server plans for a result."""

from __future__ import annotations

import pytest

from tests.sql.queue import Queue


@pytest.mark.parametrize("generic", [True, False])
def test_a_single_result_is_not_planned_anew(queue: Queue, generic: bool) -> None:  # noqa: FBT001
    """PostgreSQL left alone finds a plan for one item cheaper than one for any number, each time.
    The caller's own statement is planned once; before version 18 a function in SQL would be each
    time that it is called, so that a result that is no retry calls none.
    """
    if not generic:
        queue.connection.execute(
            "alter function public.complete_outbox_attempts reset plan_cache_mode"
        )
    for number in range(20):
        queue.enqueue(f"i{number}")
    items = queue.claim(20)
    for item in items[:10]:
        queue.complete([item])
    planned: list[str] = []
    queue.connection.add_notice_handler(lambda said: planned.append(str(said.message_primary)))
    queue.connection.execute("set log_planner_stats = on; set client_min_messages = log")
    for item in items[10:]:
        queue.complete([item])
    assert (planned.count("PLANNER STATISTICS") <= 1) is generic, planned


@pytest.mark.parametrize("monotonic", [True, False])
def test_an_enqueue_reads_no_table_as_a_whole(queue: Queue, monotonic: bool) -> None:  # noqa: FBT001
    """Also by a plan that was made while they were small, when to read them is the cheapest."""
    if monotonic:
        queue.rows("select * from public.number_participant_monotonically('p', 'ann', 'why')")
    queue.enqueue("first")
    queue.connection.execute(
        "vacuum (analyze) public.payment_outbox_pending, public.payment_outbox_identities,"
        " public.participant_outbox_sequences"
    )
    with queue.connection.transaction():
        for number in range(20):
            queue.enqueue(f"i{number}")
        scans = queue.rows(
            """select c.relname, pg_stat_get_xact_numscans(c.oid) as scans
            from pg_class as c
            where c.relname in ('payment_outbox_pending', 'payment_outbox_identities',
                'participant_outbox_sequences')"""
        )
    assert dict(scans) == {
        "payment_outbox_pending": 0,
        "payment_outbox_identities": 0,
        "participant_outbox_sequences": 0,
    }
