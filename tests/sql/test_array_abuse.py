"""Lists that nobody should send: each is refused under a published SQLSTATE or means what it says,
and a refusal writes nothing.
"""

from __future__ import annotations

from itertools import product

import psycopg
import pytest

from tests.contract.test_documents import table
from tests.sql.queue import Queue

TENANT = "0f000000-0000-4000-8000-000000000001"
WRITTEN = (
    "payment_outbox_identities",
    "payment_outbox_pending",
    "payment_outbox_attempts",
    "payment_outbox_late_results",
    "payment_outbox_operator_actions",
    "ingress_attestations",
    "participant_outbox_sequences",
)
# Each function that takes lists.
ENQUEUE = "select * from public.enqueue_outbox_items({}::text[], {}::text[], {}::text[], {}::text[], {}::text[])"  # noqa: E501
INGEST = "select * from public.ingest_instructions({}::uuid[], {}::text[], {}::text[], {}::text[], {}::text[], {}::text[])"  # noqa: E501
INGEST_CORRELATED = INGEST[:-1] + ", {}::uuid[])"
EXTEND = "select * from public.extend_outbox_leases({}::uuid[], {}::uuid[], 'w', 60)"
RELEASE = "select * from public.release_outbox_leases({}::uuid[], {}::uuid[], 'w')"
BEGIN = "select * from public.begin_outbox_dispatch({}::uuid[], {}::uuid[], 'w')"
COMPLETE = "select * from public.complete_outbox_attempts('w', {}::uuid[], {}::uuid[], {}::public.outbox_attempt_state[])"  # noqa: E501
COMPLETE_ALL = (
    COMPLETE[:-1]
    + ", {}::text[], {}::text[], {}::text[], {}::text[], {}::integer[], {}::integer[])"
)
REDRIVE = "select * from public.redrive_dead_letters({}::uuid[], false, 'ann', 'why')"
CALLS = {
    "enqueue": ENQUEUE,
    "ingest": INGEST,
    "ingest-correlated": INGEST_CORRELATED,
    "extend": EXTEND,
    "release": RELEASE,
    "begin": BEGIN,
    "complete": COMPLETE,
    "complete-all": COMPLETE_ALL,
    "redrive": REDRIVE,
}
ID = "gen_random_uuid()"
GOOD = {
    "uuid[]": ID,
    "text[]": "'{}'",
    "integer[]": "1",
    "public.outbox_attempt_state[]": "'FAILED'",
}
# `$` stands for a good element.
ABUSES = {
    "null list": "null",
    "empty": "'{}'",
    "null elements": "array[null, null]",
    "one null element": "array[null, $]",
    "two rows": "array[array[$, $], array[$, $]]",
    "one row of one": "array[array[$]]",
    "bounds from zero": "array_fill($, array[2], array[0])",
    "bounds far below": "array_fill($, array[2], array[-5])",
    "longer": "array[$, $, $]",
    "too many": "array_fill($, array[50001])",
    "too many for one batch": "array_fill($, array[10001])",
}


def lists_of(call: str) -> list[str]:
    """The types of the lists of a call, in order."""
    return [part.split(")")[0].split(",")[0] for part in call.split("{}::")[1:]]


def element(kind: str, tenant: bool) -> str:  # noqa: FBT001 - a property of the place
    return f"'{TENANT}'::uuid" if tenant else f"{GOOD[kind]}::{kind[:-2]}"


def abused(call: str, place: int, abuse: str) -> str:
    """The call with two good elements in each list, but for the one at `place` (-1: all)."""
    spelled = []
    for number, kind in enumerate(lists_of(call)):
        is_tenant = call.startswith(INGEST[:-1]) and number == 0
        good = element(kind, is_tenant)
        value = f"array[{good}, {good}]"
        if place in (number, -1):
            value = ABUSES[abuse].replace("$", good)
        spelled.append(f"({value})")
    return call.format(*spelled)


def contents(queue: Queue) -> dict[str, int]:
    return {name: queue.value(f"select count(*) from public.{name}") for name in WRITTEN}


@pytest.fixture
def busy(queue: Queue) -> Queue:
    queue.rows("select * from public.register_tenant(%s, 't', 'T', 'NGO')", TENANT)
    queue.enqueue("waiting")
    queue.enqueue("leased")
    queue.claim(1)
    return queue


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_list_that_nobody_should_send(busy: Queue, name: str) -> None:
    call = CALLS[name]
    published = set(table())
    refused = 0
    for abuse, place in product(ABUSES, range(-1, len(lists_of(call)))):
        before = contents(busy)
        statement = abused(call, place, abuse)
        try:
            busy.connection.execute(statement)
        except psycopg.Error as error:
            refused += 1
            assert error.sqlstate in published, (abuse, place, str(error))  # noqa: PT017
            assert contents(busy) == before
    assert refused >= len(lists_of(call))


def test_dimensions_and_bounds_are_only_spelling(queue: Queue) -> None:
    """A list of lists, or one that begins elsewhere, is the list of its elements in order."""
    call = "select * from public.enqueue_outbox_items({}, {}, {}, {}, {})"
    names = "'{{a,b},{c,d}}'"
    spelled = (
        "'[7:10]={p,p,q,q}'",
        "'{{a},{b},{c},{d}}'",
        "'{R,R,R,R}'",
        "array_fill('{}'::text, '{2,2}')",
    )
    rows = queue.rows(call.format(names, *spelled))
    assert [(row.place, row.sequence_id, row.outcome) for row in rows] == [
        (1, 1, "ACCEPTED"), (2, 2, "ACCEPTED"), (3, 1, "ACCEPTED"), (4, 2, "ACCEPTED"),
    ]  # fmt: skip
    items = queue.claim()
    ids, tokens = [item.outbox_id for item in items], [item.lease_token for item in items]
    complete = """select * from public.complete_outbox_attempts('w', %s::uuid[],
        %s::uuid[], '[0:3]={DISPATCHED,DISPATCHED,DISPATCHED,FAILED}', %s::text[])"""
    nested = [ids[:2], ids[2:]]
    done = queue.rows(complete, nested, tokens, [["r1"], ["r2"], ["r3"], ["r4"]])
    assert [(row.outbox_id, row.outcome) for row in done] == [(i, "RECORDED") for i in ids]
    references = queue.rows("select rail_reference from payment_outbox_attempts order by 1")
    assert [row.rail_reference for row in references] == ["r1", "r2", "r3", "r4"]


@pytest.mark.parametrize("wrong_first", [False, True])
def test_a_token_under_a_wrong_id_hides_nobody(queue: Queue, *, wrong_first: bool) -> None:
    """Only the pair is a lease: the right one is recorded, wherever it stands in the batch."""
    queue.enqueue("a")
    queue.enqueue("b")
    a, b = queue.claim()
    wrong = a._replace(lease_token=b.lease_token)
    given = [wrong, b] if wrong_first else [b, wrong]
    expected = ["UNKNOWN", "RECORDED"] if wrong_first else ["RECORDED", "UNKNOWN"]
    assert [row.outcome for row in queue.complete(given)] == expected
    assert [row.outcome for row in queue.complete([a])] == ["RECORDED"]


def test_a_stale_result_does_not_slow_down_the_others(queue: Queue) -> None:
    """Each lease is looked up once, and not once for each other: that took half a minute."""
    count = 10_000
    names = [f"i{number}" for number in range(count)]
    queue.rows(
        "select * from public.enqueue_outbox_items(%s, %s, %s, %s, %s)",
        *(names, names, names, ["RTGS"] * count, ["{}"] * count),
    )
    items = queue.claim(count)
    queue.expire_leases()
    (stale,) = queue.claim(1, worker="other")
    queue.connection.execute(
        """update public.payment_outbox_pending
        set lease_expires_at = clock_timestamp() + interval '1 hour' where claimed_by = 'w'"""
    )
    queue.connection.execute("set statement_timeout = '15s'")
    found = [row.outcome for row in queue.complete(items)]
    assert (found.count("RECORDED"), found.count("STOLEN")) == (count - 1, 1)
    assert queue.pending(stale.outbox_id).lease_token == stale.lease_token
