"""Whoever has a lease token can complete the payment: nobody gets one who was not given it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from proof.attacks.grounds import EVERYONE, Grounds

READERS = ("control", "readonly", "auditor")
RELATIONS = """
    select c.oid::regclass::text as name from pg_class as c
    where (c.relkind = 'v' and c.relnamespace = 'pg_catalog'::regnamespace
            or c.relkind in ('r', 'v') and c.relnamespace = 'public'::regnamespace)
        and has_table_privilege(c.oid, 'select')
"""
COLUMNS = """
    select c.oid::regclass::text as name, string_agg(quote_ident(a.attname), ', ') as columns
    from pg_class as c join pg_attribute as a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
        and has_column_privilege(c.oid, a.attnum, 'select') and a.attnum > 0
    group by c.oid
"""


def readable(grounds: Grounds, who: str) -> Iterator[tuple[str, str]]:
    """Everything that an attacker can read, as text, by the name of where."""
    session = grounds.attacker(who)
    session.rows("set search_path = pg_catalog")
    for row in session.rows(COLUMNS):
        for (text,) in session.rows(f"select row({row.columns})::text from {row.name}"):
            yield row.name, text
    for row in session.rows(RELATIONS):
        try:
            for (text,) in session.rows(f"select row(x.*)::text from {row.name} as x"):
                yield row.name, text
        except psycopg.Error as error:
            # some views of the server call functions that are not for everybody
            assert error.sqlstate == "42501", row.name  # noqa: PT017
    session.rows("reset search_path")


@pytest.mark.parametrize("who", EVERYONE)
def test_no_relation_shows_a_token(grounds: Grounds, who: str) -> None:
    """Tables, views, and what PostgreSQL shows of statistics, sessions, statements and locks."""
    grounds.rows("analyze")
    shown = {name for name, text in readable(grounds, who) if grounds.token in text}
    expected = {"public.payment_outbox_pending", "pg_stats"} if who in READERS else set()
    assert shown == grounds.either(reference=expected, head=set())


@pytest.mark.parametrize("who", READERS)
def test_named_columns_stay_readable(grounds: Grounds, who: str) -> None:
    """Dashboards of today name them, `payload` included."""
    session = grounds.attacker(who)
    for column in ("outbox_id", "payload", "attempt_count", "claimed_by", "lease_expires_at"):
        assert session.rows(f"select {column} from public.payment_outbox_pending")
    for column in ("outbox_id", "payload", "state", "attempt_no", "worker_id", "rail_reference"):
        assert session.rows(f"select {column} from public.payment_outbox_attempts")
    assert session.value("select count(*) from public.payment_outbox_attempts") > 0


@pytest.mark.parametrize("who", READERS)
def test_copy_out(grounds: Grounds, who: str) -> None:
    session = grounds.attacker(who)
    try:
        with session.connection.cursor().copy(
            "copy public.payment_outbox_pending to stdout"
        ) as copy:
            copied = grounds.token in b"".join(copy).decode()
    except psycopg.errors.InsufficientPrivilege:
        copied = False
    assert copied == grounds.either(reference=True, head=False)


CALLS = {
    "duplicate": "select public.enqueue_payment_outbox('leased', 'p', 'leased', 'RTGS', '{}')",
    "conflict": "select public.enqueue_payment_outbox('leased', 'q', 'leased', 'RTGS', '{}')",
    "status": "select public.instruction_status(null, 'leased')",
    "evidence": "select public.evidence_pack(null, 'leased')",
    "inspect": "select public.inspect_outbox_item('{leased}')",
    "backlog": "select public.outbox_backlog()",
    "breakdown": "select public.outbox_breakdown('PARTICIPANT')",
    "activity": "select public.outbox_activity()",
    "health": "select public.outbox_health()",
    "items": "select public.list_outbox_items()",
    "find": "select public.find_outbox_items('leased')",
    "drift": "select public.outbox_counter_drift()",
    "dead-letters": "select public.list_dead_letters()",
    "cancel": "select public.cancel_outbox_item('{leased}', 'a', 'r')",
    "redrive": "select public.redrive_dead_letters(array['{leased}']::uuid[])",
    "wrong-token": """select public.complete_outbox_attempt(
        '{leased}', gen_random_uuid(), 'w', 'FAILED')""",
    "wrong-worker": "select public.release_outbox_leases('{{{leased}}}', '{{{leased}}}', 'x')",
    "extend": "select public.extend_outbox_leases('{{{leased}}}', '{{{leased}}}', 'x', 60)",
    "begin": "select public.begin_outbox_dispatch('{{{leased}}}', '{{{leased}}}', 'x')",
    "claim": "select public.claim_outbox_items(10, 'x', 60)",
    "repair": "select public.repair_expired_leases(10, 'x')",
}


@pytest.mark.parametrize("call", sorted(CALLS))
def test_no_answer_and_no_error_tells_the_token_of_another(head: Grounds, call: str) -> None:
    """Rows, messages, details, hints and contexts, for whoever may call at all."""
    statement = CALLS[call].replace("{leased}", head.ids["leased"])
    statement = statement.replace("{{", "{").replace("}}", "}")
    for who in EVERYONE:
        session = head.attacker(who)
        heard: list[str] = []
        try:
            with session.connection.transaction(force_rollback=True):
                heard += [repr(row) for row in session.rows(statement)]
        except psycopg.Error as error:
            diagnostics = error.diag
            heard += [str(error), str(diagnostics.message_detail), str(diagnostics.context)]
        assert not [text for text in heard if head.token in text]
